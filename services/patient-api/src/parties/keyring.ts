import { equalBytes } from '@medveil/encoding';
import { ensureSecret } from '@medveil/host';
import { derivePatientKeys, type PatientKeys } from '@medveil/identity';
import type { AgentContext } from '../agent.js';
import { BoundedMap } from '../support/bounded-map.js';
import { HOSPITAL, type PartyId } from '../tables.js';

const KEPT = 1_000;

const seedName = (partyId: PartyId): string => (partyId === HOSPITAL ? 'hospital/seed' : `patients/${partyId}/seed`);

/** The keys of the hospital and its patients: each derives from one seed in the vault. */
export class Keyring {
  readonly #known = new BoundedMap<PartyId, PatientKeys>(KEPT);

  constructor(private readonly context: Pick<AgentContext, 'vault' | 'random'>) {}

  /** Draws a seed for a party that has none. */
  async create(partyId: PartyId): Promise<PatientKeys> {
    const keys = derivePatientKeys(await ensureSecret(this.context.vault, seedName(partyId), this.context.random));
    this.#known.set(partyId, keys);
    return keys;
  }

  /** The seed that everything of a party follows from. @throws IdentityError `identity/secret-not-found` */
  seed(partyId: PartyId): Promise<Uint8Array> {
    return this.context.vault.get(seedName(partyId));
  }

  /** @returns false where the vault holds another seed of this party, which stays */
  async restore(partyId: PartyId, seed: Uint8Array): Promise<boolean> {
    const known = await this.context.vault.find(seedName(partyId));
    if (known !== null) return equalBytes(known, seed);
    derivePatientKeys(seed);
    await this.context.vault.put(seedName(partyId), seed);
    return true;
  }

  /** @throws IdentityError `identity/secret-not-found` */
  async of(partyId: PartyId): Promise<PatientKeys> {
    const known = this.#known.get(partyId);
    if (known !== undefined) return known;
    const keys = derivePatientKeys(await this.seed(partyId));
    this.#known.set(partyId, keys);
    return keys;
  }
}
