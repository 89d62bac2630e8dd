/** Studies that ship with the project; each is met by some generated patients and not by others. */
import type { Coding } from '@medveil/eligibility';
import { CONDITION_CLINICAL, LOINC, SNOMED_CT } from '../terminology.js';
import type { Study } from './study.js';

const loinc = (code: string): Coding => ({ system: LOINC, code });
const snomed = (code: string): Coding => ({ system: SNOMED_CT, code });

const DETECTED = { oneOf: [snomed('260373001')] };
const ACTIVE = { oneOf: [{ system: CONDITION_CLINICAL, code: 'active' }] };
/** General research use; disease-specific research; health, medical or biomedical research. */
const DUO = { general: 'DUO:0000042', disease: 'DUO:0000007', health: 'DUO:0000006' } as const;

/** The paper's own example: results of tests for SARS-CoV-2, LOINC 94500-6 among them. */
const covid19: Study = {
  id: 'covid-19-test-results',
  title: 'COVID-19: results of SARS-CoV-2 tests',
  keywords: ['COVID-19', 'SARS-CoV-2', 'laboratory'],
  policy: {
    version: 1,
    all: [
      {
        any: ['94500-6', '94309-2', '94531-1', '94558-4'].map((code) => ({ has: { code: loinc(code), value: DETECTED } })),
      },
    ],
  },
  parts: ['laboratory'],
  format: { profile: null, resourceTypes: ['Observation'] },
  licence: { kind: 'non-exclusive', purposes: [DUO.disease], purposeNote: 'Course of test results after an infection' },
};

const diabetes: Study = {
  id: 'diabetes-hba1c',
  title: 'Type 2 diabetes above target: HbA1c under treatment',
  keywords: ['diabetes', 'HbA1c', 'metformin'],
  policy: {
    version: 1,
    all: [
      { age: { atLeast: 18, atMost: 80 } },
      { has: { code: snomed('44054006'), part: 'conditions', value: ACTIVE } },
      { latest: { code: loinc('4548-4'), value: { atLeast: '7.0', unit: '%' }, within: { lastDays: 365 } } },
      { lacks: { code: snomed('46635009'), part: 'conditions' } },
    ],
  },
  parts: ['laboratory', 'medications'],
  format: { profile: null, resourceTypes: ['Observation', 'MedicationRequest'] },
  licence: { kind: 'exclusive', purposes: [DUO.disease], purposeNote: 'Glycaemic control under oral treatment' },
};

const hypertension: Study = {
  id: 'hypertension-vital-signs',
  title: 'Hypertension: blood pressure and heart rate over time',
  keywords: ['hypertension', 'blood pressure', 'heart rate'],
  policy: {
    version: 1,
    all: [
      { count: { code: loinc('8480-6'), value: { atLeast: 140, unit: 'mm[Hg]' }, within: { lastDays: 1100 }, times: 2 } },
      {
        any: [
          { has: { code: snomed('59621000'), part: 'conditions' } },
          { has: { code: snomed('38341003'), part: 'conditions' } },
        ],
      },
    ],
  },
  parts: ['vital-signs'],
  format: { profile: null, resourceTypes: ['Observation'] },
  licence: { kind: 'non-exclusive', purposes: [DUO.health], purposeNote: 'Blood pressure trajectories' },
};

/** The paper's attributes of a patient: age, height, weight, blood type, heart rate. */
const bodyMeasures: Study = {
  id: 'reference-body-measures',
  title: 'Reference values of height, weight and heart rate in adults without chronic disease',
  keywords: ['reference values', 'height', 'weight', 'heart rate', 'blood type'],
  policy: {
    version: 1,
    all: [
      { age: { atLeast: 18, atMost: 65 } },
      { has: { code: loinc('8302-2') } },
      { latest: { code: loinc('39156-5'), value: { atLeast: '18.5', atMost: '27.5', unit: 'kg/m2' } } },
      { latest: { code: loinc('8867-4'), value: { atLeast: 40, atMost: 110, unit: '/min' } } },
      { has: { code: loinc('882-1') } },
      { lacks: { code: snomed('44054006'), part: 'conditions' } },
      { lacks: { code: snomed('59621000'), part: 'conditions' } },
    ],
  },
  parts: ['demographics', 'vital-signs'],
  format: { profile: null, resourceTypes: ['Patient', 'Observation'] },
  licence: { kind: 'non-exclusive', purposes: [DUO.general], purposeNote: 'Reference ranges' },
};

export const EXAMPLE_STUDIES: readonly Study[] = [covid19, diabetes, hypertension, bodyMeasures];
