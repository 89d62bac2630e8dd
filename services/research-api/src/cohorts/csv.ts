import type { PartResource } from './part-resources.js';

export const CSV_HEADER = 'claim_id,part,resource_type,resource_id,date,system,code,value,unit';

interface Coding {
  readonly system?: string;
  readonly code?: string;
}
type Concept = { readonly coding?: readonly Coding[] } | undefined;
interface Quantity {
  readonly value?: number;
  readonly comparator?: string;
  readonly code?: string;
}
interface Fields {
  readonly code?: Concept;
  readonly vaccineCode?: Concept;
  readonly medicationCodeableConcept?: Concept;
  readonly valueQuantity?: Quantity;
  readonly valueCodeableConcept?: Concept;
  readonly valueBoolean?: boolean;
  readonly valueInteger?: number;
  readonly component?: readonly Fields[];
  readonly birthDate?: string;
  readonly gender?: string;
}
const DATES = ['effectiveDateTime', 'effectiveInstant', 'onsetDateTime', 'performedDateTime', 'authoredOn', 'occurrenceDateTime', 'recordedDate', 'birthDate'] as const;

/** A row for each fact of a resource: its code, or that of each component. What a row cannot say stands in the NDJSON. */
export function csvRows(claimId: string, part: string, resource: PartResource): string[] {
  const fields: Fields & Record<string, unknown> = resource;
  const date = DATES.map((name) => fields[name]).find((value) => typeof value === 'string') ?? startOf(fields);
  const facts = [fields, ...(fields.component ?? [])].filter((fact) => fact.component === undefined || hasValue(fact));
  return facts.map((fact) => {
    const { system = '', code = '' } = codingOf(fact.code ?? fact.vaccineCode ?? fact.medicationCodeableConcept);
    const { value, unit } = valueOf(fact);
    return [claimId, part, resource.resourceType, resource.id, date, system, code, value, unit].map(cell).join(',');
  });
}

const hasValue = (fact: Fields): boolean => valueOf(fact).value !== '';

const codingOf = (concept: Concept): Coding => concept?.coding?.[0] ?? {};

function startOf(fields: Record<string, unknown>): string {
  const period = fields['effectivePeriod'] ?? fields['performedPeriod'] ?? fields['onsetPeriod'];
  const start = typeof period === 'object' && period !== null && 'start' in period ? period.start : '';
  return typeof start === 'string' ? start : '';
}

function valueOf({ valueQuantity, valueCodeableConcept, valueBoolean, valueInteger, gender }: Fields): { readonly value: string; readonly unit: string } {
  if (valueQuantity?.value !== undefined) return { value: `${valueQuantity.comparator ?? ''}${valueQuantity.value}`, unit: valueQuantity.code ?? '' };
  return { value: codingOf(valueCodeableConcept).code ?? String(valueBoolean ?? valueInteger ?? gender ?? ''), unit: '' };
}

/** RFC 4180; a text that a spreadsheet would take for a formula is kept a text. */
function cell(value: unknown): string {
  const text = typeof value === 'string' ? value : '';
  const safe = /^[=+@\t\r]|^-(?!\d)/.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
