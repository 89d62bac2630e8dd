/** An auditor's agent: looks into disputes and votes on them. */
export { SCOPES } from './scopes.js';
export { auditorSettings, type AuditorSettings } from './settings.js';
export { type AuditorInfrastructure, startAuditor } from './start.js';
