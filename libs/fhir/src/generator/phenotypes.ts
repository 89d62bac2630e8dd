/** What is wrong with a synthetic patient, if anything: the table that makes each example study have both answers. */
export interface Phenotype {
  readonly name: string;
  readonly ageYears: readonly [min: number, max: number];
  /** The result of the patient's latest SARS-CoV-2 test; undefined: never tested. */
  readonly covid?: 'detected' | 'not-detected';
  /** HbA1c in %, and the diagnosis of type 2 diabetes with it where given. */
  readonly hba1c: readonly [min: number, max: number];
  readonly diabetes: boolean;
  /** mm[Hg] */
  readonly systolic: readonly [min: number, max: number];
  readonly diastolic: readonly [min: number, max: number];
  readonly hypertension: boolean;
  /** kg/m2 */
  readonly bodyMassIndex: readonly [min: number, max: number];
}

const normal = {
  hba1c: [4.8, 5.6], diabetes: false,
  systolic: [106, 128], diastolic: [66, 82], hypertension: false,
  bodyMassIndex: [20, 26.5],
} as const satisfies Partial<Phenotype>;
const diabetic = { hba1c: [7.2, 9.8], diabetes: true, bodyMassIndex: [29, 37] } as const satisfies Partial<Phenotype>;
const hypertensive = { systolic: [144, 172], diastolic: [92, 106], hypertension: true } as const satisfies Partial<Phenotype>;

/** Patients take these in turn, so that any four in a row hold one of each of the first four. */
export const PHENOTYPES = [
  { name: 'covid-19', ageYears: [24, 58], ...normal, covid: 'detected' },
  { name: 'diabetes', ageYears: [41, 69], ...normal, ...diabetic, covid: 'not-detected' },
  { name: 'hypertension', ageYears: [45, 78], ...normal, ...hypertensive, bodyMassIndex: [26, 33] },
  { name: 'healthy', ageYears: [20, 50], ...normal, covid: 'not-detected' },
  { name: 'covid-19 and diabetes', ageYears: [48, 72], ...normal, ...diabetic, ...hypertensive, covid: 'detected' },
  { name: 'diabetes, well controlled', ageYears: [50, 75], ...normal, ...diabetic, hba1c: [5.9, 6.6] },
  { name: 'child', ageYears: [4, 15], ...normal, systolic: [92, 112], diastolic: [54, 70], bodyMassIndex: [14.5, 19], covid: 'detected' },
  { name: 'very old', ageYears: [91, 98], ...normal, ...hypertensive, bodyMassIndex: [19, 25], covid: 'not-detected' },
] as const satisfies readonly [Phenotype, ...Phenotype[]];
