import { z } from 'zod';
import { LOINC } from './codes.js';
import { eligibilityError } from './errors.js';
import { type Clause, type Policy, validatePolicy } from './policy.js';

/**
 * Policies as FHIR R4 Group.characteristic, which is how a ResearchStudy states its enrolment criteria. R4 says AND and
 * exclusion; what it has no words for (alternatives, counts, latest values, relative windows) stands in extensions.
 */
const EXTENSION = 'urn:medveil:policy:';
const AGE = { system: LOINC, code: '30525-0' };
const UCUM = 'http://unitsofmeasure.org';

const coding = z.object({ system: z.string(), code: z.string() });
const concept = z.object({ coding: z.array(coding).min(1).max(4) });
const quantity = z.object({ value: z.number(), comparator: z.enum(['<=', '>=']).optional(), code: z.string().optional(), unit: z.string().optional() });
const extensionSchema = z.object({
  url: z.string(),
  valueCode: z.string().optional(),
  valuePositiveInt: z.int().positive().optional(),
  valueBoolean: z.boolean().optional(),
});
const extensionsSchema = z.array(extensionSchema).max(20).optional();
const characteristicSchema = z.object({
  code: concept,
  exclude: z.boolean(),
  valueBoolean: z.boolean().optional(),
  valueCodeableConcept: concept.optional(),
  valueQuantity: quantity.optional(),
  valueRange: z.object({ low: quantity.optional(), high: quantity.optional() }).optional(),
  period: z.object({ start: z.string().optional(), end: z.string().optional() }).optional(),
  extension: extensionsSchema,
});
const groupSchema = z.object({
  resourceType: z.literal('Group'),
  characteristic: z.array(characteristicSchema).min(1).max(200),
  extension: extensionsSchema,
});

export type GroupCharacteristic = z.output<typeof characteristicSchema>;

export interface FhirGroup {
  readonly resourceType: 'Group';
  readonly type: 'person';
  readonly actual: false;
  readonly characteristic: readonly GroupCharacteristic[];
  readonly extension: readonly z.output<typeof extensionSchema>[];
}

/**
 * Reads the characteristics of a Group as a policy. Characteristics with the extension `group` of one number are alternatives;
 * whether self-attested records count, and how old an attestation may be, are extensions of the Group itself.
 * @throws CodedError `eligibility/bad-policy` with the path in the Group, also for an exclusion that no clause can express
 */
export function policyFromGroup(group: unknown): Policy {
  const parsed = groupSchema.safeParse(group);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw badGroup(issue?.path.join('.') ?? '', issue?.message ?? 'malformed');
  }
  const criteria: { group: number | undefined; clauses: unknown[] }[] = [];
  for (const [i, characteristic] of parsed.data.characteristic.entries()) {
    const number = numberOf(characteristic, 'group');
    const clause = clauseOf(characteristic, `characteristic.${i}`);
    const open = number === undefined ? undefined : criteria.find((each) => each.group === number);
    if (open === undefined) criteria.push({ group: number, clauses: [clause] });
    else open.clauses.push(clause);
  }
  const acceptSelfAttested = found(parsed.data, 'accept-self-attested')?.valueBoolean;
  const attestedWithinDays = numberOf(parsed.data, 'attested-within-days');
  const options = { ...(acceptSelfAttested === undefined ? {} : { acceptSelfAttested }), ...(attestedWithinDays === undefined ? {} : { attestedWithinDays }) };
  return validatePolicy({ version: 1, ...options, all: criteria.map(({ clauses }) => (clauses.length > 1 ? { any: clauses } : clauses[0])) });
}

function clauseOf(characteristic: GroupCharacteristic, path: string): unknown {
  const [code = AGE] = characteristic.code.coding;
  const value = valueOf(characteristic);
  if (code.system === AGE.system && code.code === AGE.code) return { age: value.bounds };
  const part = codeOf(characteristic, 'part');
  const within = withinOf(characteristic);
  const body = { code: { system: code.system, code: code.code }, ...(part === undefined ? {} : { part }), ...(within === undefined ? {} : { within }) };
  const absent = characteristic.exclude !== (characteristic.valueBoolean === false);
  if (absent) {
    if (value.test !== undefined) throw badGroup(path, 'only a code as a whole can be excluded, not a value of it');
    return { lacks: body };
  }
  const valued = value.test === undefined ? body : { ...body, value: value.test };
  const times = numberOf(characteristic, 'times');
  if (times !== undefined) return { count: { ...valued, times } };
  return codeOf(characteristic, 'kind') === 'latest' ? { latest: valued } : { has: valued };
}

function valueOf({ valueCodeableConcept, valueQuantity, valueRange }: GroupCharacteristic) {
  if (valueCodeableConcept !== undefined) {
    return { bounds: {}, test: { oneOf: valueCodeableConcept.coding.map(({ system, code }) => ({ system, code })) } };
  }
  const exact = valueQuantity === undefined || valueQuantity.comparator !== undefined ? undefined : valueQuantity;
  const low = valueRange?.low ?? (valueQuantity?.comparator === '>=' ? valueQuantity : exact);
  const high = valueRange?.high ?? (valueQuantity?.comparator === '<=' ? valueQuantity : exact);
  const unit = low?.code ?? low?.unit ?? high?.code ?? high?.unit ?? '1';
  const bounds = { ...(low === undefined ? {} : { atLeast: low.value }), ...(high === undefined ? {} : { atMost: high.value }) };
  return { bounds, test: low === undefined && high === undefined ? undefined : { ...bounds, unit } };
}

function withinOf(characteristic: GroupCharacteristic): unknown {
  const lastDays = numberOf(characteristic, 'last-days');
  if (lastDays !== undefined) return { lastDays };
  const { period } = characteristic;
  if (period === undefined) return undefined;
  return {
    ...(period.start === undefined ? {} : { from: period.start.slice(0, 10) }),
    ...(period.end === undefined ? {} : { to: period.end.slice(0, 10) }),
  };
}

type Extended = Pick<GroupCharacteristic, 'extension'>;

const found = (element: Extended, name: string) => element.extension?.find(({ url }) => url === EXTENSION + name);
const codeOf = (element: Extended, name: string) => found(element, name)?.valueCode;
const numberOf = (element: Extended, name: string) => found(element, name)?.valuePositiveInt;
const badGroup = (path: string, message: string) => eligibilityError('eligibility/bad-policy', `${path}: ${message}`, { path });

/** Writes a policy as a Group that `policyFromGroup` reads back. */
export function policyToGroup(policy: Policy): FhirGroup {
  const characteristic = policy.all.flatMap((criterion, i) =>
    'any' in criterion ? criterion.any.map((clause) => characteristicOf(clause, i + 1)) : [characteristicOf(criterion, undefined)],
  );
  const extension = [
    { url: `${EXTENSION}accept-self-attested`, valueBoolean: policy.acceptSelfAttested },
    { url: `${EXTENSION}attested-within-days`, valuePositiveInt: policy.attestedWithinDays },
  ];
  return { resourceType: 'Group', type: 'person', actual: false, extension, characteristic };
}

type Body = Extract<Clause, { has: unknown }>['has'];

function characteristicOf(clause: Clause, group: number | undefined): GroupCharacteristic {
  const extensions: z.output<typeof extensionSchema>[] = [];
  if (group !== undefined) extensions.push({ url: `${EXTENSION}group`, valuePositiveInt: group });
  const wrapped = (c: Omit<GroupCharacteristic, 'extension'>): GroupCharacteristic => (extensions.length > 0 ? { ...c, extension: extensions } : c);
  if ('age' in clause) return wrapped({ code: { coding: [AGE] }, exclude: false, valueRange: rangeOf(clause.age.atLeast, clause.age.atMost, 'a') });
  const body: Body = 'lacks' in clause ? clause.lacks : 'count' in clause ? clause.count : 'latest' in clause ? clause.latest : clause.has;
  if ('count' in clause) extensions.push({ url: `${EXTENSION}times`, valuePositiveInt: clause.count.times });
  if ('latest' in clause) extensions.push({ url: `${EXTENSION}kind`, valueCode: 'latest' });
  if (body.part !== undefined) extensions.push({ url: `${EXTENSION}part`, valueCode: body.part });
  const { within, value } = body;
  if (within !== undefined && 'lastDays' in within) extensions.push({ url: `${EXTENSION}last-days`, valuePositiveInt: within.lastDays });
  const period = within === undefined || 'lastDays' in within ? {} : { period: periodOf(within) };
  return wrapped({ code: { coding: [body.code] }, exclude: 'lacks' in clause, ...period, ...writtenValue(value) });
}

function writtenValue(value: Body['value']): Pick<GroupCharacteristic, 'valueBoolean' | 'valueCodeableConcept' | 'valueRange'> {
  if (value === undefined) return { valueBoolean: true };
  if ('oneOf' in value) return { valueCodeableConcept: { coding: value.oneOf } };
  return { valueRange: rangeOf(value.atLeast, value.atMost, value.unit) };
}

function rangeOf(low: number | string | undefined, high: number | string | undefined, unit: string) {
  const written = (value: number | string) => ({ value: Number(value), system: UCUM, code: unit });
  return { ...(low === undefined ? {} : { low: written(low) }), ...(high === undefined ? {} : { high: written(high) }) };
}

const periodOf = ({ from, to }: { from?: string | undefined; to?: string | undefined }) => ({
  ...(from === undefined ? {} : { start: from }),
  ...(to === undefined ? {} : { end: to }),
});
