import kafkajs, { type AclEntry } from 'kafkajs';
import { messagingError } from './errors.js';
import { trafficOf } from './traffic.js';

const { AclOperationTypes, AclPermissionTypes, AclResourceTypes, ResourcePatternTypes } = kafkajs;

/**
 * What one service may do, as entries for the broker: write its own topics, read those it consumes as members of groups that begin with its
 * name, and nothing else.
 * @param service the name under which the broker knows it (SCRAM user, or CN of a certificate)
 * @throws CodedError `messaging/bad-message` where it has nothing to do with messages
 */
export function accessOf(service: string): AclEntry[] {
  const traffic = trafficOf(service);
  if (traffic === undefined) throw messagingError('messaging/bad-message', 'this service sends and reads no messages', { service });
  const allow = { principal: `User:${service}`, host: '*', permissionType: AclPermissionTypes.ALLOW };
  const topic = (resourceName: string, operation: number): AclEntry => ({
    ...allow, resourceType: AclResourceTypes.TOPIC, resourceName, resourcePatternType: ResourcePatternTypes.LITERAL, operation,
  });
  const groups = { ...allow, resourceType: AclResourceTypes.GROUP, resourceName: `${service}.`, resourcePatternType: ResourcePatternTypes.PREFIXED };
  return [
    ...traffic.writes.map((name) => topic(name, AclOperationTypes.WRITE)),
    ...traffic.reads.map((name) => topic(name, AclOperationTypes.READ)),
    ...(traffic.reads.length === 0 ? [] : [{ ...groups, operation: AclOperationTypes.READ }]),
  ];
}
