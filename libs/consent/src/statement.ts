import { bytesSchema, decodeCanonical, digest, encodeCanonical, idSchema, timeMsSchema } from '@medveil/encoding';
import { sign, type SigningKeyPair, verifySignature } from '@medveil/identity';
import { z } from 'zod';
import { ruleIdSchema, standingRuleSchema } from './rule.js';

const DOMAIN = 'medveil/consent-statement/1';

/** What a patient said about a rule. Statements of one patient are a chain: none can be left out or put in later unnoticed. */
const statementSchema = z.strictObject({
  version: z.literal(1),
  chainId: z.string().min(1).max(64),
  patientId: idSchema('pat'),
  sequence: z.int().min(0),
  /** digest of the statement before; null for the first */
  previous: (bytesSchema({ length: 32 }) as z.ZodType<Uint8Array, Uint8Array>).nullable(),
  atMs: timeMsSchema,
  /** who said so in the patient's name, as their credential said */
  by: z.string().min(1).max(200),
  ruleId: ruleIdSchema,
  /** the rule that is made; null: the rule of this id is revoked */
  rule: standingRuleSchema.nullable(),
});
export type ConsentStatement = z.output<typeof statementSchema>;

export interface SignedStatement {
  /** canonical DAG-CBOR */
  readonly statement: Uint8Array;
  readonly signature: Uint8Array;
}

/** @param key the patient's enrolment key */
export function signStatement(said: ConsentStatement, key: SigningKeyPair): SignedStatement {
  const statement = encodeCanonical(statementSchema.parse(said));
  return { statement, signature: sign(key, DOMAIN, statement) };
}

export const statementDigest = (statement: Uint8Array): Uint8Array => digest(DOMAIN, statement);

/** @returns null where the bytes are no statement, or not signed with this key */
export function readStatement({ statement, signature }: SignedStatement, publicKey: Uint8Array): ConsentStatement | null {
  if (!verifySignature(publicKey, DOMAIN, statement, signature)) return null;
  const parsed = statementSchema.safeParse(decodeCanonical(statement));
  return parsed.success ? parsed.data : null;
}
