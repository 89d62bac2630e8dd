import { utf8 } from '@medveil/encoding';
import { poseidon2 } from 'poseidon-lite/poseidon2';
import { poseidon3 } from 'poseidon-lite/poseidon3';
import { poseidon4 } from 'poseidon-lite/poseidon4';
import { poseidon5 } from 'poseidon-lite/poseidon5';
import { poseidon6 } from 'poseidon-lite/poseidon6';
import { poseidon9 } from 'poseidon-lite/poseidon9';
import { poseidon13 } from 'poseidon-lite/poseidon13';
import { poseidon16 } from 'poseidon-lite/poseidon16';
import { bytesToInteger } from './field.js';

const HASHES = new Map<number, (inputs: bigint[]) => bigint>([
  [2, poseidon2],
  [3, poseidon3],
  [4, poseidon4],
  [5, poseidon5],
  [6, poseidon6],
  [9, poseidon9],
  [13, poseidon13],
  [16, poseidon16],
]);

/** A tag is the ASCII of its name read as a big-endian integer; circuits/circom/tags.circom holds the same numbers. */
const tag = (name: string): bigint => bytesToInteger(utf8(name));

/** First input of every Poseidon use, so that no value of one kind is a value of another (docs/scheme.md, section 6). */
export const TAGS = {
  observationLeaf: tag('medveil/observation-leaf/1'),
  observationNode: tag('medveil/observation-node/1'),
  partLeaf: tag('medveil/part-leaf/1'),
  partsRoot: tag('medveil/parts-root/1'),
  subject: tag('medveil/subject/1'),
  blinding: tag('medveil/blinding/1'),
  record: tag('medveil/record/1'),
  attestation: tag('medveil/attestation/1'),
  issuerLeaf: tag('medveil/issuer-leaf/1'),
  issuerNode: tag('medveil/issuer-node/1'),
  policyHeader: tag('medveil/policy-header/1'),
  policySlots: tag('medveil/policy-slots/1'),
  claimNullifier: tag('medveil/claim-nullifier/1'),
  domainNullifier: tag('medveil/domain-nullifier/1'),
} as const;

export type Tag = keyof typeof TAGS;

/** Poseidon over BN254 (circomlib's parameters) of the tag followed by `inputs`. */
export function poseidon(tagName: Tag, inputs: readonly bigint[]): bigint {
  const hash = HASHES.get(inputs.length + 1);
  if (hash === undefined) throw new RangeError(`no Poseidon of ${inputs.length + 1} inputs is in use`);
  return hash([TAGS[tagName], ...inputs]);
}
