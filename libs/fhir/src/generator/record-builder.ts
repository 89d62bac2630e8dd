import type { Bundle, CodeableConcept, FhirResource, Observation, Quantity, Reference } from 'fhir/r4.js';
import { msToDate } from '../dates.js';
import { CONDITION_CLINICAL, CONDITION_VERIFICATION, CVX, LOINC, OBSERVATION_CATEGORY, RXNORM, SNOMED_CT, UCUM } from '../terminology.js';
import type { People } from './person.js';
import type { SeededRandom } from './seeded-random.js';

/** A code and what people call it. */
export type NamedCode = readonly [code: string, display: string];

/** Collects the resources of one synthetic record, each with the identifying clutter that real ones carry. */
export class RecordBuilder {
  private readonly resources: FhirResource[] = [];

  constructor(private readonly people: People, private readonly random: SeededRandom) {
    this.resources.push(people.patient, people.organization, people.practitioner);
  }

  measure(category: 'vital-signs' | 'laboratory', code: NamedCode, timeMs: number, value: number, unit: string): void {
    this.observe(category, code, timeMs, { valueQuantity: ucum(value, unit) });
  }

  answer(category: 'laboratory' | 'social-history', code: NamedCode, timeMs: number, value: NamedCode): void {
    this.observe(category, code, timeMs, { valueCodeableConcept: concept(SNOMED_CT, value) });
  }

  bloodPressure(timeMs: number, systolic: number, diastolic: number): void {
    this.observe('vital-signs', ['85354-9', 'Blood pressure panel'], timeMs, {
      component: [
        { code: concept(LOINC, ['8480-6', 'Systolic blood pressure']), valueQuantity: ucum(systolic, 'mm[Hg]') },
        { code: concept(LOINC, ['8462-4', 'Diastolic blood pressure']), valueQuantity: ucum(diastolic, 'mm[Hg]') },
      ],
    });
  }

  condition(code: NamedCode, onsetMs: number, status: 'active' | 'resolved'): void {
    this.add({
      resourceType: 'Condition',
      clinicalStatus: concept(CONDITION_CLINICAL, [status, status]),
      verificationStatus: concept(CONDITION_VERIFICATION, ['confirmed', 'Confirmed']),
      code: concept(SNOMED_CT, code),
      subject: this.patient(),
      onsetDateTime: this.instant(onsetMs),
      recordedDate: this.instant(onsetMs),
      note: [{ text: `${this.people.fullName} came with ${code[1]}` }],
    });
  }

  medication(code: NamedCode, timeMs: number): void {
    this.add({
      resourceType: 'MedicationRequest',
      status: 'active',
      intent: 'order',
      medicationCodeableConcept: concept(RXNORM, code),
      subject: this.patient(),
      requester: this.practitioner(),
      authoredOn: this.instant(timeMs),
    });
  }

  procedure(code: NamedCode, timeMs: number): void {
    this.add({
      resourceType: 'Procedure',
      status: 'completed',
      code: concept(SNOMED_CT, code),
      subject: this.patient(),
      performedPeriod: { start: this.instant(timeMs), end: this.instant(timeMs + 1_800_000) },
      performer: [{ actor: this.practitioner() }],
    });
  }

  immunization(code: NamedCode, timeMs: number): void {
    this.add({
      resourceType: 'Immunization',
      status: 'completed',
      vaccineCode: concept(CVX, code),
      patient: this.patient(),
      occurrenceDateTime: this.instant(timeMs),
      lotNumber: `LOT-${this.random.hex(8)}`,
    });
  }

  allergy(code: NamedCode, timeMs: number): void {
    this.add({
      resourceType: 'AllergyIntolerance',
      type: 'allergy',
      criticality: 'low',
      code: concept(SNOMED_CT, code),
      patient: this.patient(),
      recordedDate: this.instant(timeMs),
    });
  }

  build(): Bundle {
    return {
      resourceType: 'Bundle',
      type: 'collection',
      entry: this.resources.map((resource) => ({ fullUrl: `urn:uuid:${resource.id ?? ''}`, resource })),
    };
  }

  private observe(
    category: 'vital-signs' | 'laboratory' | 'social-history', code: NamedCode, timeMs: number,
    value: Pick<Observation, 'valueQuantity' | 'valueCodeableConcept' | 'component'>,
  ): void {
    this.add({
      resourceType: 'Observation',
      status: 'final',
      category: [concept(OBSERVATION_CATEGORY, [category, category])],
      code: concept(LOINC, code),
      subject: this.patient(),
      performer: [this.practitioner()],
      effectiveDateTime: this.instant(timeMs),
      issued: this.instant(timeMs),
      ...value,
    });
  }

  private add(resource: FhirResource): void {
    this.resources.push({ ...resource, id: this.random.uuid() });
  }

  private patient(): Reference {
    return { reference: `urn:uuid:${this.people.patient.id}`, display: this.people.fullName };
  }

  private practitioner(): Reference {
    return { reference: `urn:uuid:${this.people.practitioner.id}`, display: this.people.practitioner.name?.[0]?.family ?? '' };
  }

  /** The day of the given time, at some minute of office hours. */
  private instant(timeMs: number): string {
    const { year, month, day } = msToDate(timeMs);
    return `${year}-${two(month)}-${two(day)}T${two(this.random.integer(8, 17))}:${two(this.random.integer(0, 59))}:00-05:00`;
  }
}

const two = (value: number): string => String(value).padStart(2, '0');

const concept = (system: string, [code, display]: NamedCode): CodeableConcept => ({
  coding: [{ system, code, display }], text: display,
});

const ucum = (value: number, unit: string): Quantity => ({ value, unit, system: UCUM, code: unit });
