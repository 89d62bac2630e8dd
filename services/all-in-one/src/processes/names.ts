export const REPLICAS = ['replica-0', 'replica-1', 'replica-2', 'replica-3'] as const;
export const SERVICES = ['pkg', 'contract', 'proxy-cloud', 'patient-api', 'research-api'] as const;
export type ReplicaName = (typeof REPLICAS)[number];
/** The nine processes of a network. */
export type ServiceName = (typeof SERVICES)[number] | ReplicaName;

export const isReplica = (name: ServiceName): name is ReplicaName => REPLICAS.some((replica) => replica === name);
/** The package, and the name in settings' variables. */
export const programOf = (name: ServiceName): string => (isReplica(name) ? 'consensus-node' : name);
