import { parse as parseYaml, YAMLParseError } from 'yaml';
import { z } from 'zod';
import { eligibilityError } from './errors.js';
import { PART_TYPES } from './parts.js';

/** Values a coded clause may list; longer lists are written as alternatives under `any`. */
export const MAX_SET = 4;

const coding = z.strictObject({ system: z.string().min(1).max(200), code: z.string().min(1).max(100) });
const decimal = z.union([z.number(), z.string().max(40)]);
const range = z
  .strictObject({ atLeast: decimal.optional(), atMost: decimal.optional(), unit: z.string().min(1).max(64) })
  .refine((r) => r.atLeast !== undefined || r.atMost !== undefined, { error: 'a range needs atLeast or atMost' });
const oneOf = z.strictObject({ oneOf: z.array(coding).min(1).max(MAX_SET) });
const day = z.string().regex(/^\d{4}-\d{2}-\d{2}$/, { error: 'must be a day, YYYY-MM-DD' });
const days = z.int().min(1).max(200 * 366);
const within = z.union([z.strictObject({ lastDays: days }), z.strictObject({ from: day.optional(), to: day.optional() })]);

const common = { code: coding, part: z.enum(PART_TYPES).optional(), within: within.optional() };
const valued = { ...common, value: z.union([range, oneOf]).optional() };

/**
 * A clause names a code and says what the record must hold of it, within a window (without: ever).
 * `has`: some observation, with a value in a range or a small set. `latest`: the last one in the window.
 * `count`: at least so many. `lacks`: none at all in this record. `age`: whole years on the day of release.
 */
export const clauseSchema = z.union([
  z.strictObject({ has: z.strictObject(valued) }),
  z.strictObject({ latest: z.strictObject(valued) }),
  z.strictObject({ count: z.strictObject({ ...valued, times: z.int().min(2).max(32) }) }),
  z.strictObject({ lacks: z.strictObject(common) }),
  z.strictObject({
    age: z
      .strictObject({ atLeast: z.int().min(0).max(150).optional(), atMost: z.int().min(0).max(150).optional() })
      .refine((a) => a.atLeast !== undefined || a.atMost !== undefined, { error: 'an age needs atLeast or atMost' })
      .refine((a) => (a.atLeast ?? 0) <= (a.atMost ?? 150), { error: 'atLeast is above atMost' }),
  }),
]);

/** A study's criteria: all of them must hold, of each `any` one alternative. */
export const policySchema = z.strictObject({
  version: z.literal(1),
  /** Whether records that a patient attests for themselves count; absence is never proved on them. */
  acceptSelfAttested: z.boolean().default(false),
  /** How old the attestation may be when the requirement is released. */
  attestedWithinDays: days.default(365),
  all: z.array(z.union([clauseSchema, z.strictObject({ any: z.array(clauseSchema).min(1).max(32) })])).min(1).max(32),
});

export type Clause = z.output<typeof clauseSchema>;
export type Policy = z.output<typeof policySchema>;

const MAX_POLICY_CHARACTERS = 100_000;

/**
 * Reads a policy from JSON or YAML. The error says where in the policy something is wrong.
 * @throws CodedError `eligibility/bad-policy`, with the path in `details.path`
 */
export function parsePolicy(text: string): Policy {
  if (text.length > MAX_POLICY_CHARACTERS) {
    throw eligibilityError('eligibility/bad-policy', 'the policy is too long', { path: '', limit: MAX_POLICY_CHARACTERS });
  }
  let value: unknown;
  try {
    value = parseYaml(text, { maxAliasCount: 0, schema: 'core', version: '1.2' });
  } catch (cause) {
    const line = cause instanceof YAMLParseError ? (cause.linePos?.[0].line ?? 0) : 0;
    throw eligibilityError('eligibility/bad-policy', `neither JSON nor YAML, line ${line}`, { path: '', line }, { cause });
  }
  return validatePolicy(value);
}

/** @throws CodedError `eligibility/bad-policy` */
export function validatePolicy(value: unknown): Policy {
  const result = policySchema.safeParse(value);
  if (result.success) return result.data;
  const issue = deepest(result.error.issues);
  const path = issue.path.map(String).join('.');
  throw eligibilityError('eligibility/bad-policy', `${path === '' ? 'policy' : path}: ${issue.message}`, { path });
}

interface Issue {
  readonly path: readonly PropertyKey[];
  readonly message: string;
}

/** Of the alternatives that zod reports for a union, the complaint that got furthest is the one the author meant. */
function deepest(issues: readonly z.core.$ZodIssue[], prefix: readonly PropertyKey[] = []): Issue {
  const found = issues.flatMap((issue): Issue[] => {
    const path = [...prefix, ...issue.path];
    return issue.code === 'invalid_union' && issue.errors.length > 0
      ? issue.errors.map((alternative) => deepest(alternative, path))
      : [{ path, message: issue.message }];
  });
  return found.reduce((best, issue) => (issue.path.length > best.path.length ? issue : best));
}
