import type { RandomBytes } from '@medveil/encoding';
import { type Afgh06, afgh06, type DelegateeKey, type Engine, encodeLabel, type Label, type OwnerKey } from '../index.js';
import { seededRandom } from './random.js';

/** An owner, an institution, and one capsule on its way from the first to the second. */
export interface Parties {
  readonly engine: Engine;
  readonly scheme: Afgh06;
  readonly random: RandomBytes;
  readonly owner: OwnerKey;
  readonly delegatee: DelegateeKey;
  readonly label: Uint8Array;
  readonly seed: Uint8Array;
  readonly capsule: Uint8Array;
  readonly reKey: Uint8Array;
  readonly transformed: Uint8Array;
  readonly claimId: Uint8Array;
  readonly proof: Uint8Array;
}

export const labelOf = (change: Partial<Label> = {}): Uint8Array =>
  encodeLabel({ chainId: 'medveil-test', record: new Uint8Array(32).fill(7), part: 'laboratory', version: 1, ...change });

export function makeParties(engine: Engine, name = 'parties'): Parties {
  const scheme = afgh06(engine);
  const random = seededRandom(name);
  const owner = scheme.ownerKeyFromSeed(random(32));
  const delegatee = scheme.delegateeKeyFromSeed(random(32));
  const label = labelOf();
  const { seed, capsule } = scheme.encapsulate(owner.publicKey, label, random);
  const reKey = scheme.reKeyGen(owner, label, delegatee.publicKey);
  const transformed = scheme.reEncrypt(capsule, reKey);
  const claimId = random(32);
  const statement = { capsule, transformed, ownerPublicKey: owner.publicKey, delegateePublicKey: delegatee.publicKey, label, claimId };
  const proof = scheme.proveReEncryption({ ...statement, reKey }, random);
  return { engine, scheme, random, owner, delegatee, label, seed, capsule, reKey, transformed, claimId, proof };
}

export const statementOf = ({ capsule, transformed, owner, delegatee, label, claimId, proof }: Parties) => ({
  capsule,
  transformed,
  ownerPublicKey: owner.publicKey,
  delegateePublicKey: delegatee.publicKey,
  label,
  claimId,
  proof,
});
