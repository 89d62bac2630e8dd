import type { RandomBytes } from '@medveil/encoding';
import { type KeyVault, signingKeyFromSeed } from '@medveil/identity';
import { ed25519Keys, type ReplicaPorts, type Signer } from '@medveil/pbft';

const PRESENT = 'replica-key';
const NEXT = 'next-replica-key';

/**
 * The key that this replica votes with, and the next one, once it is prepared. Which of them counts is the ledger's to say: the
 * replica signs with the one that the set in force names, so the change needs no restart and no agreed moment.
 */
export class ReplicaKeys {
  #signerOf: ReplicaPorts['signerOf'];

  private constructor(
    private readonly vault: KeyVault,
    private readonly random: RandomBytes,
    private secrets: readonly [present: Uint8Array, ...next: Uint8Array[]],
  ) {
    this.#signerOf = ed25519Keys(...secrets);
  }

  static async open(vault: KeyVault, random: RandomBytes): Promise<ReplicaKeys> {
    const next = await vault.find(NEXT);
    return new ReplicaKeys(vault, random, [await vault.get(PRESENT), ...(next === null ? [] : [next])]);
  }

  signerOf(publicKey: Uint8Array): Signer | null {
    return this.#signerOf(publicKey);
  }

  /** The secret of the key that the ledger has for this replica; of the present one where it has none, or another. */
  secretOf(publicKey: Uint8Array | null): Uint8Array {
    return this.secrets.find((secret) => isKeyOf(secret, publicKey)) ?? this.secrets[0];
  }

  /**
   * Prepares the key that shall replace the present one; the same again until that has happened.
   * @param inForce the key under which the set in force lists this replica; null: none
   * @returns the public half, for a proposal to the consortium
   */
  async prepareNext(inForce: Uint8Array | null): Promise<Uint8Array> {
    const prepared = await this.vault.find(NEXT);
    if (prepared !== null && !isKeyOf(prepared, inForce)) return signingKeyFromSeed(prepared).publicKey;
    // The one prepared before is in force by now, and its predecessor of no more use.
    if (prepared !== null) await this.vault.put(PRESENT, prepared);
    const next = this.random(32);
    await this.vault.put(NEXT, next);
    this.secrets = [await this.vault.get(PRESENT), next];
    this.#signerOf = ed25519Keys(...this.secrets);
    return signingKeyFromSeed(next).publicKey;
  }
}

const isKeyOf = (secret: Uint8Array, publicKey: Uint8Array | null): boolean => publicKey !== null && ed25519Keys(secret)(publicKey) !== null;
