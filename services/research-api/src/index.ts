/** The agent of research institutions: their keys, their requirements, and what was delivered to them. */
export { researchApiSettings, type ResearchApiSettings } from './settings.js';
export { SCOPES } from './scopes.js';
export { startResearchApi, type ResearchInfrastructure } from './start.js';
