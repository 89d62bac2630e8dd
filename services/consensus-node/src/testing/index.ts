/** Consensus nodes as processes, for specs and benchmarks. */
export { Cluster, type ClusterOptions } from './cluster.js';
export { type Direction, Link } from './link.js';
export { createNetworkFiles, type NetworkFiles } from './network-files.js';
export { NodeProcess } from './node-process.js';
