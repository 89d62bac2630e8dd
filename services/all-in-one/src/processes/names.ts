export const REPLICAS = ['replica-0', 'replica-1', 'replica-2', 'replica-3'] as const;
export const SERVICES = ['pkg', 'contract', 'proxy-cloud', 'patient-api', 'research-api'] as const;
export const AUDITORS = ['auditor-0', 'auditor-1', 'auditor-2'] as const;
export type ReplicaName = (typeof REPLICAS)[number];
type AuditorName = (typeof AUDITORS)[number];
/** The nine processes of a network, and its auditors' agents. */
export type ServiceName = (typeof SERVICES)[number] | ReplicaName | AuditorName;

export const isReplica = (name: ServiceName): name is ReplicaName => REPLICAS.some((replica) => replica === name);
const isAuditor = (name: ServiceName): name is AuditorName => AUDITORS.some((auditor) => auditor === name);
/** The package, and the name in settings' variables. */
export function programOf(name: ServiceName): string {
  if (isReplica(name)) return 'consensus-node';
  return isAuditor(name) ? 'auditor' : name;
}
