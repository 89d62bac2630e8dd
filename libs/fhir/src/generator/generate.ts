/** Synthetic FHIR R4 patients: no person behind them, the same for the same seed. */
import type { Bundle } from 'fhir/r4.js';
import { startOfDayMs } from '@medveil/eligibility';
import { DAY_MS, formatDate, msToDate } from '../dates.js';
import { FhirError } from '../errors.js';
import { type Body, addClinicalHistory } from './clinical.js';
import { type People, makePeople } from './person.js';
import { PHENOTYPES, type Phenotype } from './phenotypes.js';
import { RecordBuilder } from './record-builder.js';
import { SeededRandom } from './seeded-random.js';

export interface GenerateOptions {
  /** An integer from 0 to 2^53 - 1. */
  readonly seed: number;
  /** At most 100,000. */
  readonly count: number;
  /** No event is later; ages count from here. UTC ms. */
  readonly referenceTimeMs: number;
}

const MAX_PATIENTS = 100_000;
const VISITS = 3;

/**
 * Patient `i` depends on seed and `i` alone: a longer run begins with the patients of a shorter one. The phenotypes
 * are taken in turn, so that of any five patients some meet each shipped example study and some do not.
 * @returns FHIR R4 Bundles of type `collection`, about 60 resources each
 * @throws FhirError `fhir/bad-options`
 */
export function* generatePatients(options: GenerateOptions): Generator<Bundle, void, undefined> {
  const { seed, count } = options;
  if (!Number.isSafeInteger(seed) || seed < 0) throw new FhirError('fhir/bad-options', 'a seed is an integer of at least 0');
  if (!Number.isSafeInteger(count) || count < 0 || count > MAX_PATIENTS) {
    throw new FhirError('fhir/bad-options', `a count is an integer from 0 to ${MAX_PATIENTS}`, { maxPatients: MAX_PATIENTS });
  }
  for (let index = 0; index < count; index += 1) yield generatePatient(options, index);
}

function generatePatient({ seed, referenceTimeMs }: GenerateOptions, index: number): Bundle {
  const random = new SeededRandom(seed, index);
  const phenotype: Phenotype = PHENOTYPES[index % PHENOTYPES.length] ?? PHENOTYPES[0];
  const nowMs = startOfDayMs(referenceTimeMs);
  const ageYears = random.integer(...phenotype.ageYears);
  // Some day of the year before the last birthday but never today's: the age is the same all day long.
  const born = msToDate(nowMs - Math.round(ageYears * 365.25 + random.integer(2, 360)) * DAY_MS);
  const people = makePeople(random, formatDate(born));
  const record = new RecordBuilder(people, random);
  addClinicalHistory(record, phenotype, bodyOf(people, ageYears), visitDays(nowMs, random), nowMs, random);
  return record.build();
}

const bodyOf = (people: People, ageYears: number): Body => ({ gender: people.patient.gender, ageYears });

/** The last one in recent weeks, each other about a year before the next; oldest first. */
function visitDays(nowMs: number, random: SeededRandom): number[] {
  const lastMs = nowMs - random.integer(3, 40) * DAY_MS;
  return Array.from({ length: VISITS }, (_, i) => lastMs - (VISITS - 1 - i) * random.integer(330, 390) * DAY_MS);
}
