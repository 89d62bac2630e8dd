import { digest, fromHex, hexSchema } from '@medveil/encoding';
import { z } from 'zod';
import { G1_BYTES, G2_BYTES } from './bn254.js';
import { eligibilityError } from './errors.js';
import { PUBLIC_INPUT_COUNT } from './public-inputs.js';

/** A circuit instance as keys and ceremonies name it. */
export const circuitSizeSchema = z.strictObject({
  name: z.string().regex(/^[a-z0-9-]{1,40}$/),
  slots: z.int().min(2).max(64),
  depth: z.int().min(0).max(6),
  tops: z.int().min(0).max(16),
  issuerDepth: z.int().min(1).max(8),
});

/**
 * A verification key as it is stored: points compressed, in hexadecimal.
 * `development`: one party made it and could forge proofs under it. `contributions`: hashes of the ceremony's steps.
 */
export const verificationKeySchema = z.strictObject({
  format: z.literal('medveil/verification-key/1'),
  instance: circuitSizeSchema,
  development: z.boolean(),
  contributions: z.array(hexSchema(32)).max(1000),
  alpha: hexSchema(G1_BYTES),
  beta: hexSchema(G2_BYTES),
  gamma: hexSchema(G2_BYTES),
  delta: hexSchema(G2_BYTES),
  ic: z.array(hexSchema(G1_BYTES)).length(PUBLIC_INPUT_COUNT + 1),
});

export type VerificationKey = z.output<typeof verificationKeySchema>;

/** @throws CodedError `eligibility/bad-verification-key` */
export function parseVerificationKey(value: unknown): VerificationKey {
  const result = verificationKeySchema.safeParse(value);
  if (result.success) return result.data;
  const issue = result.error.issues[0];
  throw eligibilityError('eligibility/bad-verification-key', `${issue?.path.join('.') ?? ''}: ${issue?.message ?? 'malformed'}`);
}

/** What genesis pins and a claim names: over every field, the development mark included. 32 bytes. */
export const verificationKeyHash = (key: VerificationKey): Uint8Array =>
  digest('medveil/verification-key/1', {
    instance: key.instance,
    development: key.development,
    contributions: key.contributions.map(fromHex),
    points: [key.alpha, key.beta, key.gamma, key.delta, ...key.ic].map(fromHex),
  });
