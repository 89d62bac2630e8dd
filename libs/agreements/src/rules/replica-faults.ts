import { ensure } from '../errors.js';
import { chainTable, parametersTable, replicaAtFaultTable, replicaBondTable, replicaFaultTable, replicaSetChangeTable } from '../state.js';
import type { BodyOf } from '../transactions.js';
import type { ReplicaContradiction } from '../verifiers.js';
import type { SenderCall } from './call.js';
import { credit, debit } from './credits.js';
import { replicaSetOf, replicaSetOfEpoch } from './replica-set.js';

/**
 * A replica has contradicted itself: two statements under its key that no correct replica makes both (docs/consensus.md,
 * "Evidence"). Recorded once for each statement contradicted. The penalty is taken from the replica's bond, as far as it goes,
 * and paid to the consortium; the next change of the set must let the replica go or give it another key.
 */
export function reportEvidence(call: SenderCall, body: BodyOf<'report-evidence'>): void {
  const { state, block, chain, verifiers, sender } = call;
  const contradiction = verifiers.readEvidence(body.evidence);
  ensure(contradiction !== null, 'agreements/bad-evidence', 'no evidence can be read');
  const accused = replicaSetOfEpoch(state, contradiction.epoch);
  const replica = accused?.[contradiction.replica];
  const holds = accused !== null && verifiers.verifyEvidence(body.evidence, accused.map(({ publicKey }) => publicKey), chain.chainId);
  ensure(holds && replica !== undefined, 'agreements/bad-evidence', 'the evidence does not hold against a replica of that time');
  const name = faultName(contradiction);
  ensure(replicaFaultTable.read(state, name) === null, 'agreements/already-recorded', 'this contradiction is on record', { replica: replica.id });
  const penalty = takePenalty(call, replica.id);
  const { kind, epoch, view, sequence } = contradiction;
  const fault = { replica: replica.id, publicKey: replica.publicKey, kind, epoch, view, sequence, penalty };
  replicaFaultTable.write(state, { ...fault, evidence: body.evidence, reporter: sender.id, recordedAtMs: block.timeMs, height: block.height }, name);
  replicaAtFaultTable.write(state, { publicKey: replica.publicKey }, replica.id);
  call.emit('evidence-recorded', { ...fault, reporter: sender.id });
}

/** Under what a contradiction is on record: whoever reports it, and with whichever two of several statements, it is one. */
export const faultName = ({ epoch, replica, kind, view, sequence }: ReplicaContradiction): string => [epoch, replica, kind, view, sequence].join('.');

/** @returns what was taken */
function takePenalty({ state }: SenderCall, replica: string): number {
  const bond = replicaBondTable.read(state, replica);
  const penalty = Math.min(bond?.amount ?? 0, parametersTable.read(state)?.equivocationPenalty ?? 0);
  const feeAccount = chainTable.read(state)?.feeAccount;
  if (bond === null || penalty === 0 || feeAccount === undefined) return 0;
  replicaBondTable.write(state, { ...bond, amount: bond.amount - penalty }, replica);
  credit(state, feeAccount, penalty);
  return penalty;
}

/** Credits that stand behind a replica. Whoever is first answers for it from then on. */
export function postBond(call: SenderCall, body: BodyOf<'post-bond'>): void {
  const { state, sender } = call;
  const bond = replicaBondTable.read(state, body.replica) ?? { account: sender.id, amount: 0 };
  ensure(bond.account === sender.id, 'agreements/not-permitted', 'another account stands behind this replica', { replica: body.replica });
  debit(state, sender.id, body.amount);
  replicaBondTable.write(state, { ...bond, amount: bond.amount + body.amount }, body.replica);
  call.emit('bond-posted', { replica: body.replica, account: sender.id, amount: body.amount });
}

/** What is left of a bond goes back once the replica has been out of the set for long enough that its faults would be known. */
export function withdrawBond(call: SenderCall, body: BodyOf<'withdraw-bond'>): void {
  const { state, block, sender, parameters } = call;
  const bond = replicaBondTable.read(state, body.replica);
  ensure(bond !== null && bond.account === sender.id, 'agreements/not-permitted', 'the account has no bond behind this replica', { replica: body.replica });
  const isMember = replicaSetOf(state).some(({ id }) => id === body.replica);
  const freeAtMs = (replicaSetChangeTable.read(state)?.decidedAtMs ?? 0) + parameters.bondWithdrawalMs;
  ensure(!isMember && block.timeMs >= freeAtMs, 'agreements/bond-in-force', 'the bond stands while the replica is a member and for a time after', { freeAtMs });
  replicaBondTable.remove(state, body.replica);
  credit(state, sender.id, bond.amount);
  call.emit('bond-withdrawn', { replica: body.replica, account: sender.id, amount: bond.amount });
}
