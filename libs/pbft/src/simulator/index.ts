/** A seeded world for replicas: network, clocks and disks that fail, Byzantine replicas, and invariants that must hold. */
export { simulate, type SimulationOptions, type SimulationResult } from './simulation.js';
export type { Invariant, Violation } from './checker.js';
export { BYZANTINE_KINDS, type ByzantineKind } from './byzantine.js';
export { MUTATIONS, type Mutation } from './mutations.js';
