import { type PartType } from './parts.js';

/**
 * One LOINC code. Quantities have a fixed UCUM `unit` and keep `digits` after the point;
 * `molarMass` (g/mol) lets laboratories report mass or amount of substance. Codes without a unit hold coded values.
 */
export interface CodeEntry {
  readonly loinc: string;
  readonly name: string;
  readonly part: PartType;
  readonly unit?: string;
  readonly digits: number;
  readonly molarMass?: number;
}

const quantity = (part: PartType) => (loinc: string, name: string, unit: string, digits: number, molarMass?: number): CodeEntry => ({
  loinc,
  name,
  part,
  unit,
  digits,
  ...(molarMass === undefined ? {} : { molarMass }),
});
const coded = (part: PartType, loinc: string, name: string): CodeEntry => ({ loinc, name, part, digits: 0 });

const vital = quantity('vital-signs');
const lab = quantity('laboratory');

const GLUCOSE = 180.156;
const CHOLESTEROL = 386.65;
const TRIGLYCERIDES = 885.4;
const CREATININE = 113.12;
const UREA_NITROGEN = 28.014;
const BILIRUBIN = 584.66;
const CALCIUM = 40.078;
const URATE = 168.11;

/** Units and digits are part of the record format: an entry may be added, never changed. */
export const CODE_TABLE: readonly CodeEntry[] = [
  coded('demographics', '21112-8', 'Birth date'),
  coded('demographics', '46098-0', 'Sex'),

  vital('8302-2', 'Body height', 'cm', 2),
  vital('29463-7', 'Body weight', 'kg', 3),
  vital('3141-9', 'Body weight, measured', 'kg', 3),
  vital('39156-5', 'Body mass index', 'kg/m2', 2),
  vital('59576-9', 'Body mass index percentile', '%', 2),
  vital('8867-4', 'Heart rate', '/min', 1),
  vital('9279-1', 'Respiratory rate', '/min', 1),
  vital('8310-5', 'Body temperature', 'Cel', 2),
  vital('8331-1', 'Oral temperature', 'Cel', 2),
  vital('8480-6', 'Systolic blood pressure', 'mm[Hg]', 1),
  vital('8462-4', 'Diastolic blood pressure', 'mm[Hg]', 1),
  vital('8478-0', 'Mean blood pressure', 'mm[Hg]', 1),
  vital('2708-6', 'Oxygen saturation in arterial blood', '%', 2),
  vital('59408-5', 'Oxygen saturation by pulse oximetry', '%', 2),
  vital('8287-5', 'Head circumference', 'cm', 2),
  vital('9843-4', 'Head circumference percentile base', 'cm', 2),
  vital('72514-3', 'Pain severity, 0 to 10', '{score}', 1),

  coded('laboratory', '882-1', 'ABO and Rh group'),
  coded('laboratory', '883-9', 'ABO group'),
  coded('laboratory', '10331-7', 'Rh type'),
  coded('laboratory', '94500-6', 'SARS-CoV-2 RNA, respiratory specimen'),
  coded('laboratory', '94309-2', 'SARS-CoV-2 RNA'),
  coded('laboratory', '94531-1', 'SARS-CoV-2 RNA panel, respiratory specimen'),
  coded('laboratory', '94558-4', 'SARS-CoV-2 antigen, respiratory specimen'),
  coded('laboratory', '94563-4', 'SARS-CoV-2 IgG antibody'),
  lab('4548-4', 'Hemoglobin A1c', '%', 2),
  lab('17856-6', 'Hemoglobin A1c by HPLC', '%', 2),
  lab('59261-8', 'Hemoglobin A1c, IFCC', 'mmol/mol', 2),
  lab('2339-0', 'Glucose, blood', 'mg/dL', 2, GLUCOSE),
  lab('2345-7', 'Glucose, serum or plasma', 'mg/dL', 2, GLUCOSE),
  lab('1558-6', 'Fasting glucose', 'mg/dL', 2, GLUCOSE),
  lab('2093-3', 'Cholesterol, total', 'mg/dL', 2, CHOLESTEROL),
  lab('2085-9', 'Cholesterol in HDL', 'mg/dL', 2, CHOLESTEROL),
  lab('13457-7', 'Cholesterol in LDL, calculated', 'mg/dL', 2, CHOLESTEROL),
  lab('18262-6', 'Cholesterol in LDL, direct', 'mg/dL', 2, CHOLESTEROL),
  lab('2571-8', 'Triglycerides', 'mg/dL', 2, TRIGLYCERIDES),
  lab('38483-4', 'Creatinine, blood', 'mg/dL', 3, CREATININE),
  lab('2160-0', 'Creatinine, serum or plasma', 'mg/dL', 3, CREATININE),
  lab('33914-3', 'Glomerular filtration rate, MDRD', 'mL/min/{1.73_m2}', 2),
  lab('62238-1', 'Glomerular filtration rate, CKD-EPI', 'mL/min/{1.73_m2}', 2),
  lab('98979-8', 'Glomerular filtration rate, CKD-EPI 2021', 'mL/min/{1.73_m2}', 2),
  lab('6299-2', 'Urea nitrogen, blood', 'mg/dL', 2, UREA_NITROGEN),
  lab('3094-0', 'Urea nitrogen, serum or plasma', 'mg/dL', 2, UREA_NITROGEN),
  lab('49765-1', 'Calcium, blood', 'mg/dL', 2, CALCIUM),
  lab('17861-6', 'Calcium, serum or plasma', 'mg/dL', 2, CALCIUM),
  lab('2947-0', 'Sodium, blood', 'mmol/L', 2),
  lab('2951-2', 'Sodium, serum or plasma', 'mmol/L', 2),
  lab('6298-4', 'Potassium, blood', 'mmol/L', 2),
  lab('2823-3', 'Potassium, serum or plasma', 'mmol/L', 2),
  lab('2069-3', 'Chloride, blood', 'mmol/L', 2),
  lab('2075-0', 'Chloride, serum or plasma', 'mmol/L', 2),
  lab('20565-8', 'Carbon dioxide, blood', 'mmol/L', 2),
  lab('2028-9', 'Carbon dioxide, serum or plasma', 'mmol/L', 2),
  lab('1742-6', 'Alanine aminotransferase', 'U/L', 2),
  lab('1920-8', 'Aspartate aminotransferase', 'U/L', 2),
  lab('6768-6', 'Alkaline phosphatase', 'U/L', 2),
  lab('1975-2', 'Bilirubin, total', 'mg/dL', 2, BILIRUBIN),
  lab('1751-7', 'Albumin', 'g/dL', 3),
  lab('2885-2', 'Protein, total', 'g/dL', 3),
  lab('3084-1', 'Urate', 'mg/dL', 2, URATE),
  lab('718-7', 'Hemoglobin', 'g/dL', 3),
  lab('4544-3', 'Hematocrit', '%', 2),
  lab('20570-8', 'Hematocrit of blood', '%', 2),
  lab('6690-2', 'Leukocytes', '10*3/uL', 3),
  lab('789-8', 'Erythrocytes', '10*6/uL', 3),
  lab('777-3', 'Platelets', '10*3/uL', 3),
  lab('787-2', 'Mean corpuscular volume', 'fL', 2),
  lab('785-6', 'Mean corpuscular hemoglobin', 'pg', 2),
  lab('786-4', 'Mean corpuscular hemoglobin concentration', 'g/dL', 3),
  lab('21000-5', 'Erythrocyte distribution width', 'fL', 2),
  lab('788-0', 'Erythrocyte distribution width, ratio', '%', 2),
  lab('32207-3', 'Platelet distribution width', 'fL', 2),
  lab('32623-1', 'Platelet mean volume', 'fL', 2),
  lab('1988-5', 'C reactive protein', 'mg/L', 2),
  lab('2276-4', 'Ferritin', 'ng/mL', 2),
  lab('48065-7', 'D-dimer FEU', 'ng/mL', 2),
  lab('2857-1', 'Prostate specific antigen', 'ng/mL', 3),
  lab('3016-3', 'Thyrotropin', 'm[IU]/L', 3),
  lab('14959-1', 'Albumin/creatinine, urine', 'mg/g', 2),
  lab('6301-6', 'INR', '{INR}', 2),

  coded('social-history', '72166-2', 'Tobacco smoking status'),
  coded('social-history', '76690-7', 'Sexual orientation'),
  coded('social-history', '63513-6', 'Are you covered by insurance'),
  coded('social-history', '82589-3', 'Highest level of education'),
  coded('social-history', '67875-5', 'Employment status'),
];

/** Units for quantities of codes outside the table, one per kind of quantity, in the order they are tried. */
export const FALLBACK_UNITS: readonly string[] = [
  'mmol/L',
  'mg/L',
  '10*9/L',
  'U/L',
  '[IU]/L',
  'm[IU]/L',
  '[IU]/mL',
  'u[IU]/mL',
  'k[IU]/L',
  'kg',
  'm',
  'L',
  's',
  'mm[Hg]',
  'Cel',
  '/min',
  '%',
  'mol',
  'L/min',
  'mL/min/{1.73_m2}',
  'kg/m2',
  'm2',
  'm/s',
  'mg/g',
  'mmol/mol',
  'mg/d',
  'mosm/kg',
  'W',
  'J',
  'V',
  'Hz',
  'Sv',
  'Gy',
  'Bq',
  'deg',
];
