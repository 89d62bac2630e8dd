import { type CborValue, decodeCanonical, encodeCanonical } from '@medveil/encoding';
import { z } from 'zod';
import { type CompiledPolicy, EARLIEST_MS, LATEST_MS, slotClassOf, type ValueTest } from './compiled-policy.js';
import { eligibilityError } from './errors.js';
import { DAY_MS, startOfDayMs } from './observation.js';
import { encodeScaled, scaledSchema } from './observation-codec.js';
import { PART_TYPES } from './parts.js';
import { MAX_SET } from './policy.js';

const coding = z.strictObject({ system: z.string().min(1).max(200), code: z.string().min(1).max(100) });
const dayStart = z.int().min(EARLIEST_MS).max(LATEST_MS).refine((t) => startOfDayMs(t) === t, { error: 'must be the start of a day' });
const dayEnd = z.int().min(EARLIEST_MS).max(LATEST_MS).refine((t) => startOfDayMs(t) + DAY_MS - 1 === t, { error: 'must be the end of a day' });

const valueTest = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('any') }),
  z.strictObject({ kind: z.literal('set'), values: z.array(coding).min(1).max(MAX_SET) }),
  z
    .strictObject({ kind: z.literal('range'), unit: z.string().min(1).max(64), min: scaledSchema, max: scaledSchema })
    .refine((r) => r.min <= r.max, { error: 'min is above max' }),
]);

const clause = z
  .strictObject({
    kind: z.enum(['present', 'absent', 'latest']),
    part: z.enum(PART_TYPES),
    code: coding,
    fromMs: dayStart,
    toMs: dayEnd,
    value: valueTest,
    times: z.int().min(1).max(32),
  })
  .refine((c) => c.fromMs < c.toMs, { error: 'the window ends before it begins' })
  .refine((c) => c.times === 1 || c.kind === 'present', { error: 'only presence is counted' })
  .refine((c) => c.kind !== 'absent' || c.value.kind === 'any', { error: 'absence takes no value' });

/** Everything a well-formed policy is: windows of whole days, values within bounds, at least one group, no empty group. */
const compiledPolicySchema = z.strictObject({
  version: z.literal(1),
  nonce: z.instanceof(Uint8Array).refine((n) => n.length === 16, { error: 'must be 16 bytes' }),
  leastDay: z.int().min(0).max(2 ** 31),
  acceptSelfAttested: z.boolean(),
  groups: z.array(z.array(clause).min(1).max(32)).min(1).max(32),
});

/** Canonical bytes of a policy: what institutions hand out and agents check against h′. */
export const encodePolicy = (policy: CompiledPolicy): Uint8Array =>
  encodeCanonical({
    version: policy.version,
    nonce: policy.nonce,
    leastDay: policy.leastDay,
    acceptSelfAttested: policy.acceptSelfAttested,
    groups: policy.groups.map((group) =>
      group.map(({ kind, part, code, fromMs, toMs, value, times }) => ({
        kind,
        part,
        code: { system: code.system, code: code.code },
        fromMs,
        toMs,
        value: encodeTest(value),
        times,
      })),
    ),
  });

function encodeTest(test: ValueTest): CborValue {
  if (test.kind === 'set') return { kind: test.kind, values: test.values.map((v) => ({ system: v.system, code: v.code })) };
  return test.kind === 'any' ? { kind: test.kind } : { kind: test.kind, unit: test.unit, min: encodeScaled(test.min), max: encodeScaled(test.max) };
}

/**
 * Reads the canonical bytes of a policy, refusing whatever no compiler would have written.
 * @throws CodedError `eligibility/bad-policy`, `eligibility/window-too-fine`, `eligibility/policy-too-large`
 */
export function decodePolicy(bytes: Uint8Array): CompiledPolicy {
  let value: unknown;
  try {
    value = decodeCanonical(bytes);
  } catch (cause) {
    throw eligibilityError('eligibility/bad-policy', 'not canonical bytes', { path: '' }, { cause });
  }
  const result = compiledPolicySchema.safeParse(value);
  if (!result.success) {
    const issue = result.error.issues[0];
    const path = issue?.path.map(String).join('.') ?? '';
    const fine = issue?.message.includes('of a day') === true;
    throw eligibilityError(fine ? 'eligibility/window-too-fine' : 'eligibility/bad-policy', `${path}: ${issue?.message ?? 'malformed'}`, { path });
  }
  slotClassOf(result.data);
  return result.data;
}
