/** The agent of patients and their hospital: keys, records, proofs and exchanges, inside their own trust domain. */
export { patientApiSettings, type PatientApiSettings } from './settings.js';
export { SCOPES } from './scopes.js';
export { startPatientApi } from './start.js';
