import { createHash } from 'node:crypto';
import type { patientApi } from '@medveil/client';
import type { Id } from '@medveil/encoding';
import { type Clients, until } from './clients.js';
import type { Narrator } from './narrator.js';
import type { OpenRequirement, Participant } from './scenario.js';

const SETTLE_TIMEOUT_MS = 60_000;

/** A settled exchange with who took part. */
export interface Settled {
  readonly participant: Participant;
  readonly requirement: OpenRequirement;
  readonly exchange: patientApi.Exchange;
}

/**
 * Phase 9, seen from outside: the institution's checks all held, it holds exactly the parts it asked for, and nothing in
 * them names the patient.
 */
export async function verifyDelivery({ research }: Clients, { participant, requirement, exchange }: Settled, out: Narrator): Promise<boolean> {
  const { institutionId, study } = requirement;
  const claimId = exchange.claimId as Id<'clm'>;
  const delivery = await until('the institution’s check', () => research.delivery(institutionId, claimId), ({ status }) => status === 'settled', SETTLE_TIMEOUT_MS);
  const asked = [...study.parts].toSorted().join();
  const received = delivery.parts.map(({ part }) => part).toSorted().join();
  let intact = true;
  let anonymous = true;
  for (const { part, sha256, bytes } of delivery.parts) {
    const content = await research.deliveredPart(institutionId, claimId, part);
    intact &&= createHash('sha256').update(content).digest('hex') === sha256 && content.length === bytes && JSON.parse(new TextDecoder().decode(content)).resourceType === 'Bundle';
    const text = new TextDecoder().decode(content);
    anonymous &&= participant.bundle.identifiers.every((identifier) => !text.includes(identifier));
  }
  const held = delivery.checks.length > 0 && delivery.checks.every(({ ok }) => ok);
  const ok = held && intact && anonymous && asked === received;
  out.check(`${participant.bundle.name} → "${study.title}": ${delivery.checks.length} checks of delivered against proved, ${received} and nothing else, no identifier`, ok);
  return ok;
}

/** All replicas have the same last block and the same state. */
export async function replicasAgree({ nodes }: Clients): Promise<{ agree: boolean; height: number; stateRoot: string; conserved: boolean }> {
  const ask = () => Promise.all(nodes.map((node) => node.status()));
  const same = (statuses: Awaited<ReturnType<typeof ask>>): boolean =>
    new Set(statuses.map(({ headHash, stateRoot }) => `${headHash} ${stateRoot}`)).size === 1;
  const statuses = await until('the replicas at one height', ask, same, SETTLE_TIMEOUT_MS).catch(ask);
  return {
    agree: same(statuses),
    height: Math.max(...statuses.map(({ height }) => height)),
    stateRoot: statuses[0]?.stateRoot ?? '',
    conserved: statuses.every(({ creditsConserved }) => creditsConserved),
  };
}
