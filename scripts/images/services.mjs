/** The targets of the Dockerfile. */
export const SERVICES = ['pkg', 'proxy-cloud', 'contract', 'consensus-node', 'auditor', 'patient-api', 'research-api', 'setup'];

/** Those that proofs are made in, and so need proving keys; setup takes the verification keys beside them. */
export const WITH_CIRCUITS = ['patient-api', 'research-api', 'setup'];

/** The workspaces whose production dependencies are in the images. */
export const WORKSPACES = [...SERVICES, 'all-in-one'].map((name) => `services/${name}`);
