import type { RejectionCode } from '@medveil/agreements';
import type { patientApi } from '@medveil/client';
import type { KnownRequirement } from '../ledger/requirements.js';
import { isOver, STANDING, UNCLAIMED } from '../exchanges/phases.js';
import type { ExchangeRow } from '../tables.js';

/** One of the patient's exchanges with the requirement that it is for. */
export interface PastExchange {
  readonly exchange: ExchangeRow;
  readonly requirement: KnownRequirement;
}

/** What this agent knows that will make the ledger refuse a claim of the same person. */
export function conflictsWith(requirement: KnownRequirement, past: readonly PastExchange[], nowMs: number): patientApi.Conflict[] {
  return past.flatMap(({ exchange, requirement: other }) => {
    const said = (code: RejectionCode, reason: string): patientApi.Conflict[] => [{ code, reason, exchangeId: exchange.exchangeId }];
    if (other.requirementId === requirement.requirementId && usesUpTheClaim(exchange)) {
      return said('agreements/nullifier-spent', isOver(exchange.phase) ? 'this person has claimed for the requirement' : 'an exchange for the requirement is under way');
    }
    if (!STANDING.has(exchange.phase) || other.terms.licence.untilMs <= nowMs) return [];
    if (!other.domains.some((domain) => requirement.domains.includes(domain))) return [];
    if (other.terms.licence.kind === 'exclusive') return said('agreements/exclusive-licence-in-force', 'data of the same domain is licensed exclusively to another');
    if (requirement.terms.licence.kind === 'exclusive') return said('agreements/licence-in-force', 'data of the same domain is licensed to others, so it cannot be licensed exclusively');
    return [];
  });
}

/** A claim stands, is on its way, or came to nothing by the person's own fault or too often. */
const usesUpTheClaim = ({ phase, retryable }: ExchangeRow): boolean => STANDING.has(phase) || UNCLAIMED.has(phase) || retryable === false;
