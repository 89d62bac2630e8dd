import { PRODUCTION_RULES, type ProtocolRules } from '../rules.js';

/** One deliberate mistake in the protocol, which the simulator must notice. */
export interface Mutation {
  readonly name: string;
  readonly rules: Partial<ProtocolRules>;
}

const { commitQuorum, prepareVotes, viewChangeQuorum } = PRODUCTION_RULES;

export const MUTATIONS: readonly Mutation[] = [
  { name: 'committed with one COMMIT too few', rules: { commitQuorum: (n) => commitQuorum(n) - 1 } },
  { name: 'prepared with one PREPARE too few', rules: { prepareVotes: (n) => prepareVotes(n) - 1 } },
  { name: 'NEW-VIEW on one VIEW-CHANGE too few', rules: { viewChangeQuorum: (n) => viewChangeQuorum(n) - 1 } },
  { name: 'signatures unchecked', rules: { checkSignatures: false } },
  { name: 'commit certificates of fetched blocks and view changes unchecked', rules: { checkCommitCertificates: false } },
  { name: 'prepared certificates in view changes unchecked', rules: { checkPreparedCertificates: false } },
  { name: 'NEW-VIEW believed without recomputing what it must propose', rules: { checkNewView: false } },
  { name: 'NEW-VIEW takes the prepared certificate of the lowest view', rules: { preferHighestView: false } },
  { name: 'VIEW-CHANGE leaves out what is prepared', rules: { reportPrepared: false } },
  { name: 'PRE-PREPAREs taken from anybody', rules: { checkPrimary: false } },
  { name: 'a second PRE-PREPARE replaces the first', rules: { refuseSecondPrePrepare: false } },
  { name: 'votes counted whatever they vote for', rules: { matchVotes: false } },
  { name: 'votes counted as often as they come', rules: { countVotersOnce: false } },
  { name: 'votes in a view that was left', rules: { silentAfterViewChange: false } },
  { name: 'PREPARE without the ledger finding the proposal valid', rules: { requireValidation: false } },
  { name: 'PREPARE not written before it is sent', rules: { persistPrePrepare: false } },
  { name: 'prepared certificate not written before COMMIT', rules: { persistPrepared: false } },
  { name: 'VIEW-CHANGE not written before it is sent', rules: { persistViewChange: false } },
  { name: 'messages sent before what they rest on is written', rules: { persistBeforeSend: false } },
  { name: 'nothing repeated to those who missed it', rules: { retransmit: false } },
  { name: 'nobody follows f+1 others into a later view', rules: { joinVotes: () => Number.POSITIVE_INFINITY } },
];
