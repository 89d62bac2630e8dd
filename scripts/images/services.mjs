/** The targets of the Dockerfile: services that have an image. */
export const SERVICES = ['pkg', 'proxy-cloud', 'contract', 'consensus-node', 'auditor', 'patient-api', 'research-api'];

/** Those that make proofs, and so need proving keys. */
export const PROVERS = ['patient-api', 'research-api'];
