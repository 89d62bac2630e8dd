/** What happens to a synthetic patient: visits with vital signs and laboratory results, diagnoses and treatments. */
import { DAY_MS } from '../dates.js';
import type { Phenotype } from './phenotypes.js';
import type { NamedCode, RecordBuilder } from './record-builder.js';
import { type SeededRandom, round } from './seeded-random.js';

const DETECTED: NamedCode = ['260373001', 'Detected'];
const NOT_DETECTED: NamedCode = ['260415000', 'Not detected'];

/** ABO and Rh(D) groups with their rough shares of the population in percent. */
const BLOOD_GROUPS: readonly (readonly [share: number, code: NamedCode])[] = [
  [38, ['278147001', 'Blood group O Rh(D) positive']],
  [34, ['278149003', 'Blood group A Rh(D) positive']],
  [9, ['278150003', 'Blood group B Rh(D) positive']],
  [3, ['278151004', 'Blood group AB Rh(D) positive']],
  [7, ['278148006', 'Blood group O Rh(D) negative']],
  [6, ['278152006', 'Blood group A Rh(D) negative']],
  [2, ['278153001', 'Blood group B Rh(D) negative']],
  [1, ['278154007', 'Blood group AB Rh(D) negative']],
];

export interface Body {
  readonly gender: 'female' | 'male';
  readonly ageYears: number;
}

/** @param visitsMs days of the visits, UTC ms, oldest first; @param nowMs no event is later */
export function addClinicalHistory(
  record: RecordBuilder, phenotype: Phenotype, body: Body, visitsMs: readonly number[], nowMs: number, random: SeededRandom,
): void {
  const heightCm = heightOf(body, random);
  for (const timeMs of visitsMs) {
    addVitalSigns(record, phenotype, heightCm, body, timeMs, random);
    addLaboratory(record, phenotype, timeMs, random);
  }
  const firstMs = visitsMs[0] ?? nowMs;
  record.answer('laboratory', ['882-1', 'ABO and Rh group [Type] in Blood'], firstMs, bloodGroup(random));
  if (body.ageYears >= 16) {
    record.answer('social-history', ['72166-2', 'Tobacco smoking status'], firstMs, random.pick([
      ['266919005', 'Never smoked tobacco'], ['8517006', 'Ex-smoker'], ['449868002', 'Smokes tobacco daily'],
    ]));
  }
  addCovid(record, phenotype, nowMs, random);
  addChronicDisease(record, phenotype, firstMs);
  addPrevention(record, body, firstMs, random);
}

/** Adults by sex; children along the growth chart's middle. */
function heightOf({ gender, ageYears }: Body, random: SeededRandom): number {
  if (ageYears < 18) return random.normal(82 + 5.6 * ageYears, 4, 1);
  return gender === 'male' ? random.normal(176, 6.5, 1) : random.normal(163, 6, 1);
}

function addVitalSigns(
  record: RecordBuilder, phenotype: Phenotype, heightCm: number, body: Body, timeMs: number, random: SeededRandom,
): void {
  const bodyMassIndex = random.between(...phenotype.bodyMassIndex, 1);
  const metres = heightCm / 100;
  const vital = (code: NamedCode, value: number, unit: string) => record.measure('vital-signs', code, timeMs, value, unit);
  vital(['8302-2', 'Body height'], heightCm, 'cm');
  vital(['29463-7', 'Body weight'], round(bodyMassIndex * metres * metres, 1), 'kg');
  vital(['39156-5', 'Body mass index (BMI) [Ratio]'], bodyMassIndex, 'kg/m2');
  vital(['8867-4', 'Heart rate'], random.normal(body.ageYears < 16 ? 88 : 72, 8, 0), '/min');
  vital(['9279-1', 'Respiratory rate'], random.normal(15, 1.5, 0), '/min');
  vital(['8310-5', 'Body temperature'], random.normal(36.8, 0.2, 1), 'Cel');
  vital(['59408-5', 'Oxygen saturation in Arterial blood by Pulse oximetry'], random.between(95, 99, 0), '%');
  record.bloodPressure(timeMs, random.integer(...phenotype.systolic), random.integer(...phenotype.diastolic));
}

function addLaboratory(record: RecordBuilder, phenotype: Phenotype, timeMs: number, random: SeededRandom): void {
  const hba1c = random.between(...phenotype.hba1c, 1);
  const lab = (code: NamedCode, value: number, unit: string) => record.measure('laboratory', code, timeMs, value, unit);
  lab(['4548-4', 'Hemoglobin A1c/Hemoglobin.total in Blood'], hba1c, '%');
  // Estimated average glucose, mg/dL (Nathan et al. 2008).
  lab(['2345-7', 'Glucose [Mass/volume] in Serum or Plasma'], round(28.7 * hba1c - 46.7 + random.normal(0, 6, 0), 0), 'mg/dL');
  lab(['2093-3', 'Cholesterol [Mass/volume] in Serum or Plasma'], random.normal(188, 22, 0), 'mg/dL');
  lab(['2160-0', 'Creatinine [Mass/volume] in Serum or Plasma'], random.normal(0.92, 0.13, 2), 'mg/dL');
  lab(['2951-2', 'Sodium [Moles/volume] in Serum or Plasma'], random.normal(140, 1.8, 0), 'mmol/L');
  lab(['2823-3', 'Potassium [Moles/volume] in Serum or Plasma'], random.normal(4.3, 0.3, 1), 'mmol/L');
  lab(['718-7', 'Hemoglobin [Mass/volume] in Blood'], random.normal(14.2, 0.9, 1), 'g/dL');
  lab(['777-3', 'Platelets [#/volume] in Blood'], random.normal(252, 38, 0), '10*3/uL');
}

function bloodGroup(random: SeededRandom): NamedCode {
  let rest = random.integer(1, 100);
  const found = BLOOD_GROUPS.find(([share]) => {
    rest -= share;
    return rest <= 0;
  });
  return (found ?? BLOOD_GROUPS[0] ?? [0, DETECTED])[1];
}

function addCovid(record: RecordBuilder, { covid }: Phenotype, nowMs: number, random: SeededRandom): void {
  if (covid === undefined) return;
  const testMs = nowMs - random.integer(20, 300) * DAY_MS;
  const positive = covid === 'detected';
  record.answer(
    'laboratory', ['94500-6', 'SARS-CoV-2 (COVID-19) RNA [Presence] in Respiratory system specimen by NAA with probe detection'],
    testMs, positive ? DETECTED : NOT_DETECTED,
  );
  if (!positive) return;
  record.condition(['840539006', 'COVID-19'], testMs, 'resolved');
  record.medication(['313782', 'Acetaminophen 325 MG Oral Tablet'], testMs);
}

function addChronicDisease(record: RecordBuilder, { diabetes, hypertension }: Phenotype, firstMs: number): void {
  if (diabetes) {
    record.condition(['44054006', 'Diabetes mellitus type 2'], firstMs, 'active');
    record.medication(['860975', '24 HR Metformin hydrochloride 500 MG Extended Release Oral Tablet'], firstMs);
  }
  if (hypertension) {
    record.condition(['59621000', 'Essential hypertension'], firstMs, 'active');
    record.medication(['314076', 'lisinopril 10 MG Oral Tablet'], firstMs);
  }
}

function addPrevention(record: RecordBuilder, { ageYears }: Body, firstMs: number, random: SeededRandom): void {
  record.immunization(['140', 'Influenza, seasonal, injectable, preservative free'], firstMs);
  if (random.chance(0.7)) record.immunization(['208', 'SARS-COV-2 (COVID-19) vaccine, mRNA, 30 mcg/0.3 mL'], firstMs + 60 * DAY_MS);
  if (ageYears >= 45) record.procedure(['73761001', 'Colonoscopy'], firstMs + 30 * DAY_MS);
  record.procedure(['430193006', 'Medication reconciliation'], firstMs);
  if (random.chance(0.3)) {
    record.allergy(random.pick([['91935009', 'Allergy to peanut'], ['300913006', 'Shellfish allergy']]), firstMs);
  }
}
