/** Delivered = proved (docs/scheme.md, section 6): openings, leaves, commitment, criteria, and the observations themselves. */
import {
  checkDelivery, type CompiledPolicy, type DeliveryFault, decodeOpening, type DeliveryOpening, isEligibilityError, type PartType,
} from '@medveil/eligibility';
import { equalBytes, sha256 } from '@medveil/encoding';
import { checkDelivered, FhirError } from '@medveil/fhir';
import type { DeliveryFaultCode } from './errors.js';
import type { CheckLog } from './check-log.js';
import type { ReceivedContainer } from './open-part.js';

export interface ReceivedRecord {
  /** h of the claim's record on the ledger, 32 bytes */
  readonly record: Uint8Array;
  readonly policy: CompiledPolicy;
  /** the parts that the requirement asked for */
  readonly granted: readonly PartType[];
  readonly containers: readonly ReceivedContainer[];
}

/** In the order in which `checkDelivery` makes them. */
const CHECKS: readonly { readonly check: string; readonly faults: readonly DeliveryFault['code'][] }[] = [
  { check: 'parts', faults: ['parts-missing', 'part-not-granted'] },
  { check: 'plaintexts', faults: ['plaintext-differs'] },
  { check: 'leaves', faults: ['leaves-malformed', 'observations-differ'] },
  { check: 'commitment', faults: ['commitment-differs'] },
  { check: 'attestation', faults: ['attestation-too-old'] },
  { check: 'criteria', faults: ['criterion-not-met'] },
];

/**
 * @returns how many observations each part holds
 * @throws DeliveryError of `DELIVERY_FAULTS`
 */
export function checkReceived(received: ReceivedRecord, checks: CheckLog): ReadonlyMap<PartType, number> {
  const { record, policy, granted, containers } = received;
  const opening = mergeOpenings(containers, granted, checks);
  const plaintextDigests = Object.fromEntries(containers.map(({ part, content }) => [part, sha256(content)]));
  const verdict = checkDelivery({ h: record, policy, granted, opening, plaintextDigests });
  for (const { check, faults } of CHECKS) {
    if (!verdict.ok && faults.includes(verdict.fault.code)) checks.require(false, `delivery/${verdict.fault.code}`, check, describe(verdict.fault));
    checks.passed(check, check === 'criteria' && verdict.ok ? shown(verdict.groupsShown, policy) : `${granted.length} parts`);
  }
  return new Map(containers.map((container) => [container.part, checkObservations(container, opening, checks)]));
}

const describe = (fault: DeliveryFault): string => ('part' in fault ? fault.part : 'group' in fault ? `criterion ${fault.group}` : fault.code);

const shown = (groups: readonly number[], policy: CompiledPolicy): string =>
  `${groups.length} of ${policy.groups.length} criteria show in these parts, the others stand on the proof`;

/**
 * Every container opens its own part and names the others by their leaf. Together they are one opening: they have to agree on T
 * and B, and whether each part belongs to h shows when it is computed.
 */
function mergeOpenings(containers: readonly ReceivedContainer[], granted: readonly PartType[], checks: CheckLog): DeliveryOpening {
  const openings = containers.map(({ part, opening }) => ({ part, opening: readOpening(opening) }));
  const malformed = openings.find(({ opening }) => opening === undefined);
  checks.require(malformed === undefined, 'delivery/container-malformed', 'openings', malformed?.part ?? `${openings.length} parts`);
  const read = openings.flatMap(({ part, opening }) => (opening === undefined ? [] : [{ part, opening }]));
  const [first] = read;
  const agree = first !== undefined
    && read.every(({ opening }) => opening.timeDay === first.opening.timeDay && equalBytes(opening.blinding, first.opening.blinding));
  checks.require(agree, 'delivery/openings-disagree', 'openings agree', `${read.length} parts`);
  return {
    timeDay: first.opening.timeDay,
    blinding: first.opening.blinding,
    parts: read.flatMap(({ part, opening }) => opening.parts.filter((opened) => opened.part === part)),
    closed: Object.fromEntries(Object.entries(first.opening.closed).filter(([part]) => !granted.includes(part as PartType))),
  };
}

function readOpening(bytes: Uint8Array): DeliveryOpening | undefined {
  try {
    return decodeOpening(bytes);
  } catch (error) {
    if (isEligibilityError(error)) return undefined;
    throw error;
  }
}

/** The proved leaves are what the delivered resources say, no more and no less. */
function checkObservations({ part, content }: ReceivedContainer, opening: DeliveryOpening, checks: CheckLog): number {
  const proved = opening.parts.find((opened) => opened.part === part)?.leaves.map(({ observation }) => observation) ?? [];
  const code: DeliveryFaultCode = 'delivery/observations-differ';
  try {
    const { ok, observations, missing, unexpected } = checkDelivered(part, content, proved);
    checks.require(ok, code, `observations ${part}`, `${observations.length} read, ${missing} missing, ${unexpected} unexpected`);
    return observations.length;
  } catch (error) {
    if (error instanceof FhirError) checks.require(false, code, `observations ${part}`, error.code);
    throw error;
  }
}
