import { duoCodeSchema } from '@medveil/agreements';
import { PART_TYPES } from '@medveil/eligibility';
import { type Id, idSchema } from '@medveil/encoding';
import type { Consent, ConsentProvision } from 'fhir/r4.js';
import { z } from 'zod';
import { ConsentError } from './errors.js';
import { type StandingRule, standingRuleSchema } from './rule.js';

const DUO_SYSTEM = 'http://purl.obolibrary.org/obo/duo.owl';
const PART_SYSTEM = 'urn:medveil:part-type';
const ACCOUNT_SYSTEM = 'urn:medveil:account';
const PATIENT_SYSTEM = 'urn:medveil:patient';
/** A modifier: who does not know it must not act on the provision, which is narrower than the rest of it says. */
const BOUNDS_URL = 'urn:medveil:consent-bounds:1';
const POLICY_URI = 'urn:medveil:standing-rule:1';
const RECIPIENT = { coding: [{ system: 'http://terminology.hl7.org/CodeSystem/v3-ParticipationType', code: 'IRCP' }] };
const RESEARCH = { coding: [{ system: 'http://terminology.hl7.org/CodeSystem/consentscope', code: 'research' }] };
const CATEGORY = { coding: [{ system: 'http://loinc.org', code: '59284-0' }] };

export interface FhirConsentFacts {
  readonly ruleId: Id<'cns'>;
  readonly patientId: Id<'pat'>;
  readonly atMs: number;
  readonly isRevoked: boolean;
}

/** A standing rule as a FHIR R4 Consent; what FHIR has no element for stands in one modifier extension. */
export function consentToFhir(rule: StandingRule, { ruleId, patientId, atMs, isRevoked }: FhirConsentFacts): Consent {
  return {
    resourceType: 'Consent',
    id: ruleId.replace('_', '-'),
    status: isRevoked ? 'inactive' : 'active',
    scope: RESEARCH,
    category: [CATEGORY],
    patient: { identifier: { system: PATIENT_SYSTEM, value: patientId } },
    dateTime: new Date(atMs).toISOString(),
    policy: [{ uri: POLICY_URI }],
    provision: provisionOf(rule),
  };
}

function provisionOf(rule: StandingRule): ConsentProvision {
  const { institutions, purposes, parts, untilMs } = rule;
  return {
    ...(rule.effect === 'refuse' ? {} : { modifierExtension: [{ url: BOUNDS_URL, valueString: JSON.stringify(boundsOf(rule)) }] }),
    type: rule.effect === 'refuse' ? 'deny' : 'permit',
    ...(untilMs === null ? {} : { period: { end: new Date(untilMs).toISOString() } }),
    ...(institutions === 'any' ? {} : { actor: institutions.map((value) => ({ role: RECIPIENT, reference: { identifier: { system: ACCOUNT_SYSTEM, value } } })) }),
    ...(purposes === 'any' ? {} : { purpose: purposes.map((code) => ({ system: DUO_SYSTEM, code })) }),
    ...(parts === 'any' ? {} : { class: parts.map((code) => ({ system: PART_SYSTEM, code })) }),
  };
}

const boundsOf = ({ effect, licence, minimumReward, atMost }: Exclude<StandingRule, { effect: 'refuse' }>) => ({ effect, licence, minimumReward, atMost });

const codingOf = <Code extends z.ZodType<string>>(system: string, code: Code) => z.strictObject({ system: z.literal(system), code, display: z.string().optional() });
const instant = z.iso.datetime({ offset: true });
const provisionSchema = z.strictObject({
  modifierExtension: z.tuple([z.strictObject({ url: z.literal(BOUNDS_URL), valueString: z.string().max(10_000) })]).optional(),
  type: z.enum(['permit', 'deny']),
  period: z.strictObject({ end: instant }).optional(),
  actor: z.array(z.strictObject({
    role: z.unknown(),
    reference: z.strictObject({ identifier: z.strictObject({ system: z.literal(ACCOUNT_SYSTEM), value: idSchema('acc') }) }),
  })).min(1).optional(),
  purpose: z.array(codingOf(DUO_SYSTEM, duoCodeSchema)).min(1).optional(),
  class: z.array(codingOf(PART_SYSTEM, z.enum(PART_TYPES))).min(1).optional(),
});
/** Everything that could change what is consented to is read or refused; what only describes is passed over. */
const consentSchema = z.strictObject({
  resourceType: z.literal('Consent'),
  status: z.literal('active'),
  id: z.unknown(),
  meta: z.unknown(),
  text: z.unknown(),
  language: z.unknown(),
  scope: z.unknown(),
  category: z.unknown(),
  patient: z.unknown(),
  dateTime: z.unknown(),
  policy: z.unknown(),
  policyRule: z.unknown(),
  provision: provisionSchema,
}).partial({ id: true, meta: true, text: true, language: true, scope: true, category: true, patient: true, dateTime: true, policy: true, policyRule: true });

/** Of a permission that says nothing of licence and reward: it is never acted on without asking. */
const FOREIGN_BOUNDS = { effect: 'ask', minimumReward: 0, atMost: null };

/**
 * Reads a Consent as `consentToFhir` writes it, or a plain one of the same elements: a permission without bounds of ours becomes
 * a rule that asks. Nested provisions, labels, data references and the like are refused, never passed over.
 * @throws ConsentError `consent/not-understood` with the path in the resource
 */
export function consentFromFhir(resource: unknown): StandingRule {
  const { provision } = parse(consentSchema, resource);
  const { type, period, actor, purpose, class: classes } = provision;
  const scope = {
    institutions: actor?.map(({ reference }) => reference.identifier.value) ?? 'any',
    purposes: purpose?.map(({ code }) => code) ?? 'any',
    parts: classes === undefined ? 'any' : PART_TYPES.filter((part) => classes.some(({ code }) => code === part)),
    untilMs: period === undefined ? null : Date.parse(period.end),
  };
  if (type === 'deny') {
    if (provision.modifierExtension !== undefined) throw notUnderstood('provision.modifierExtension', 'a refusal has no bounds');
    return parse(standingRuleSchema, { effect: 'refuse', ...scope });
  }
  return parse(standingRuleSchema, { ...scope, ...boundsIn(provision.modifierExtension) });
}

function boundsIn(extension: z.infer<typeof provisionSchema>['modifierExtension']): object {
  if (extension === undefined) return FOREIGN_BOUNDS;
  const path = 'provision.modifierExtension[0].valueString';
  let bounds: unknown;
  try {
    bounds = JSON.parse(extension[0].valueString);
  } catch {
    throw notUnderstood(path, 'is not JSON');
  }
  return parse(boundsSchema, bounds, path);
}
const boundsSchema = z.strictObject({ effect: z.enum(['grant', 'ask']), licence: z.unknown(), minimumReward: z.unknown(), atMost: z.unknown() });

function parse<Schema extends z.ZodType>(schema: Schema, value: unknown, at = ''): z.output<Schema> {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw notUnderstood([at, ...(issue?.path ?? [])].filter((step) => step !== '').join('.'), issue?.message ?? 'is not understood');
}

const notUnderstood = (path: string, message: string): ConsentError => new ConsentError('consent/not-understood', `Consent.${path}: ${message}`, { path });
