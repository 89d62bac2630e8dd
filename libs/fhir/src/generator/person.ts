import type { Organization, Patient, Practitioner } from 'fhir/r4.js';
import { US_CORE_BIRTH_SEX } from '../terminology.js';
import type { SeededRandom } from './seeded-random.js';

/** Who is involved in a synthetic record. All names, numbers and addresses are recognisably made up. */
export interface People {
  readonly patient: Patient & { readonly id: string; readonly gender: 'female' | 'male' };
  readonly practitioner: Practitioner & { readonly id: string };
  readonly organization: Organization & { readonly id: string };
  /** The patient's full name as it is written into narratives and notes. */
  readonly fullName: string;
}

/** @param birthDate YYYY-MM-DD */
export function makePeople(random: SeededRandom, birthDate: string): People {
  const gender = random.pick(['female', 'male'] as const);
  const given = `Given-${random.hex(8)}`;
  const family = `Family-${random.hex(8)}`;
  const fullName = `${given} ${family}`;
  return {
    fullName,
    patient: makePatient(random, { gender, given, family, fullName, birthDate }),
    practitioner: {
      resourceType: 'Practitioner',
      id: random.uuid(),
      identifier: [{ system: 'https://hospital.example/practitioners', value: `PRACT-${random.hex(10)}` }],
      name: [{ family: `Physician-${random.hex(8)}`, prefix: ['Dr.'] }],
    },
    organization: { resourceType: 'Organization', id: random.uuid(), name: `Sample Hospital ${random.hex(6)}` },
  };
}

interface Identity {
  readonly gender: 'female' | 'male';
  readonly given: string;
  readonly family: string;
  readonly fullName: string;
  readonly birthDate: string;
}

function makePatient(random: SeededRandom, { gender, given, family, fullName, birthDate }: Identity): People['patient'] {
  return {
    resourceType: 'Patient',
    id: random.uuid(),
    text: { status: 'generated', div: `<div xmlns="http://www.w3.org/1999/xhtml">Record of ${fullName}</div>` },
    extension: [
      { url: US_CORE_BIRTH_SEX, valueCode: gender === 'female' ? 'F' : 'M' },
      {
        url: 'http://hl7.org/fhir/StructureDefinition/patient-mothersMaidenName',
        valueString: `Maiden-${random.hex(8)}`,
      },
    ],
    identifier: [
      { system: 'https://hospital.example/mrn', value: `MRN-${random.hex(12)}` },
      // Social security numbers never begin with 9.
      { system: 'http://hl7.org/fhir/sid/us-ssn', value: `9${random.integer(10, 99)}-${random.integer(10, 99)}-${random.integer(1000, 9999)}` },
    ],
    name: [{ use: 'official', family, given: [given] }],
    telecom: [
      { system: 'phone', value: `+1-555-01${random.integer(10, 99)}-${random.hex(6)}` },
      { system: 'email', value: `${given}.${family}@mail.invalid`.toLowerCase() },
    ],
    gender,
    birthDate,
    address: [{
      line: [`${random.integer(1, 999)} Sample Street ${random.hex(6)}`],
      city: `Sampletown-${random.hex(6)}`,
      state: random.pick(['CA', 'MA', 'NY', 'TX', 'WA']),
      postalCode: String(random.integer(10_000, 99_999)),
      country: 'US',
    }],
    maritalStatus: {
      coding: [{ system: 'http://terminology.hl7.org/CodeSystem/v3-MaritalStatus', code: random.pick(['S', 'M', 'D']) }],
    },
    contact: [{
      relationship: [{ text: 'next of kin' }],
      name: { family, given: [`Relative-${random.hex(8)}`] },
      telecom: [{ system: 'phone', value: `+1-555-02${random.integer(10, 99)}-${random.hex(6)}` }],
    }],
    photo: [{ contentType: 'image/png', data: random.hex(64) }],
  };
}
