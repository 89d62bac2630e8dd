import { PRODUCTION_RULES, type ProtocolRules } from '../rules.js';

/** One deliberate mistake in the protocol, which the simulator must notice. */
export interface Mutation {
  readonly name: string;
  readonly rules: Partial<ProtocolRules>;
  /** A schedule that shows it, with four replicas, soon; found by trying them in order. */
  readonly seed: number;
  /** Where it needs several blocks in agreement. */
  readonly maxInFlight?: number;
}

const { commitQuorum, prepareVotes, viewChangeQuorum } = PRODUCTION_RULES;

export const MUTATIONS: readonly Mutation[] = [
  { name: 'committed with one COMMIT too few', seed: 0, rules: { commitQuorum: (n) => commitQuorum(n) - 1 } },
  { name: 'prepared with one PREPARE too few', seed: 2, rules: { prepareVotes: (n) => prepareVotes(n) - 1 } },
  { name: 'NEW-VIEW on one VIEW-CHANGE too few', seed: 54, rules: { viewChangeQuorum: (n) => viewChangeQuorum(n) - 1 } },
  { name: 'signatures unchecked', seed: 39, rules: { checkSignatures: false } },
  { name: 'commit certificates of fetched blocks and view changes unchecked', seed: 8, rules: { checkCommitCertificates: false } },
  { name: 'prepared certificates in view changes unchecked', seed: 53, rules: { checkPreparedCertificates: false } },
  { name: 'NEW-VIEW believed without recomputing what it must propose', seed: 4, rules: { checkNewView: false } },
  { name: 'VIEW-CHANGE leaves out what is prepared', seed: 8, rules: { reportPrepared: false } },
  { name: 'PRE-PREPAREs taken from anybody', seed: 23, rules: { checkPrimary: false } },
  { name: 'a second PRE-PREPARE replaces the first', seed: 20, rules: { refuseSecondPrePrepare: false } },
  { name: 'votes counted whatever they vote for', seed: 0, rules: { matchVotes: false } },
  { name: 'fetched and assembled bodies not compared with their digest', seed: 35, rules: { checkBodies: false } },
  { name: 'votes counted as often as they come', seed: 0, rules: { countVotersOnce: false } },
  { name: 'votes in a view that was left', seed: 14, rules: { silentAfterViewChange: false } },
  { name: 'PREPARE without the ledger finding the proposal valid', seed: 22, rules: { requireValidation: false } },
  { name: 'PREPARE not written before it is sent', seed: 0, rules: { persistPrePrepare: false } },
  { name: 'prepared certificate not written before COMMIT', seed: 61, rules: { persistPrepared: false } },
  { name: 'VIEW-CHANGE not written before it is sent', seed: 3, rules: { persistViewChange: false } },
  { name: 'messages sent before what they rest on is written', seed: 16, rules: { persistBeforeSend: false } },
  { name: 'nothing repeated to those who missed it', seed: 25, rules: { retransmit: false } },
  { name: 'statements of another configuration counted', seed: 0, rules: { checkEpoch: false } },
  { name: 'fetched blocks checked with a set that did not decide them', seed: 31, rules: { checkCertificateEpoch: false } },
  { name: 'the old set goes on deciding after the change', seed: 0, rules: { changeConfiguration: false } },
  { name: 'a replica that was removed goes on in the old configuration', seed: 14, rules: { leaveWhenRemoved: false } },
  { name: 'proposals above a block that names another set', seed: 1, maxInFlight: 4, rules: { stopAtChange: false } },
];
