import { toHex } from '@medveil/encoding';
import { accountId } from '@medveil/identity';
import { delegateeKeyContext, proposalIdOf } from '../envelope.js';
import { ensure } from '../errors.js';
import { type Member, MEMBERS_MAX, type PinnedVerificationKey } from '../parameters.js';
import {
  accountTable, membersTable, memberTable, parametersTable, proposalTable, registryTable, rulesTable, verificationKeysTable,
} from '../state.js';
import type { Action, BodyOf } from '../transactions.js';
import type { AccountId, DomainRegistry, PartType } from '../vocabulary.js';
import { accountOf, type Call, type SenderCall, type State } from './call.js';
import { checkReplicaSet, setReplicaSet } from './replica-set.js';
import { checkVoucherKeys, setVoucherKeys } from './vouchers.js';

/** 2f+1 of 3f+1, and as safe for other numbers: the votes that any two decisions share hold an honest one. */
export const votesNeeded = (voters: number): number => voters - Math.floor((voters - 1) / 3);

export const membersOf = (state: State, role: string): readonly AccountId[] => membersTable.read(state, role) ?? [];

/** Counts a vote; with the one that reaches `votesNeeded` the proposal takes effect. */
export function vote(call: SenderCall, body: BodyOf<'vote'>): void {
  const { state, block, sender } = call;
  const { proposal } = body;
  const voters = membersOf(state, 'consortium');
  ensure(voters.includes(sender.id), 'agreements/not-permitted', 'the account is none of those that vote');
  const proposalId = proposalIdOf(proposal);
  const entry = proposalTable.read(state, proposalId) ?? { proposal, votes: [], decidedAtMs: null };
  ensure(entry.decidedAtMs === null, 'agreements/proposal-decided', 'the proposal has been decided', { proposalId });
  ensure(block.timeMs <= proposal.voteUntilMs, 'agreements/proposal-expired', 'the time to vote is over', { voteUntilMs: proposal.voteUntilMs });
  ensure(!entry.votes.includes(sender.id), 'agreements/already-voted', 'the account has voted for this proposal', { proposalId });
  checkAction(call, proposal.action);
  const votes = [...entry.votes, sender.id];
  const needed = votesNeeded(voters.length);
  const decided = votes.length >= needed;
  proposalTable.write(state, { ...entry, votes, decidedAtMs: decided ? block.timeMs : null }, proposalId);
  call.emit('proposal-voted', { proposalId, voter: sender.id, votes: votes.length, needed });
  if (decided) takeEffect(call, proposal.action);
}

/** Checked with every vote, the last one included: what has become impossible meanwhile does not take effect. */
function checkAction(call: Call, action: Action): void {
  const { state, block, chain } = call;
  switch (action.kind) {
    case 'pin-member':
      return checkMember(call, action.member);
    case 'unpin-member': {
      const role = accountTable.read(state, action.account)?.role;
      ensure(role !== undefined && role !== 'consortium' && membersOf(state, role).includes(action.account), 'agreements/unknown-member', 'no member is pinned with this account');
      return;
    }
    case 'set-verification-keys':
      return checkVerificationKeys(action.verificationKeys, chain.allowDevelopmentKeys);
    case 'set-voucher-keys':
      return checkVoucherKeys(call, action.voucherKeys);
    case 'set-replica-set':
      return checkReplicaSet(call, action.replicas);
    case 'set-rules': {
      const current = rulesTable.read(state)?.version ?? 1;
      ensure(action.version > current && action.height > block.height, 'agreements/bad-proposal', 'new rules come later and are newer than those in force', {
        version: action.version, inForce: current, height: block.height,
      });
      return;
    }
    case 'set-registry':
      return checkRegistry(state, action.registry);
    case 'set-parameters':
      return;
  }
}

/** A part that belongs to a domain stays there: else an exclusive licence sold in it would no longer cover the part. */
function checkRegistry(state: State, registry: DomainRegistry): void {
  const current = registryTable.read(state);
  for (const [part, domain] of Object.entries(current?.parts ?? {})) {
    ensure(domain === null || registry.parts[part as PartType] === domain, 'agreements/bad-proposal', 'a part would leave the domain it is licensed in', { part });
  }
}

/** @throws Rejection `agreements/key-in-use`, `agreements/bad-delegatee-key`, `agreements/bad-proposal` */
export function checkMember(call: Pick<Call, 'state' | 'chain' | 'verifiers'>, member: Member): void {
  const { state, chain, verifiers } = call;
  const id = accountId(member.accountKey);
  ensure(accountTable.read(state, id) === null, 'agreements/key-in-use', 'the account key is registered already', { account: id });
  ensure(membersOf(state, member.role).length < MEMBERS_MAX, 'agreements/bad-proposal', 'too many members of this role', { max: MEMBERS_MAX });
  if (member.role === 'institution') {
    ensure(
      verifiers.verifyDelegateeKey(member.delegateeKey, member.delegateeProof, delegateeKeyContext(chain.chainId, member.accountKey)),
      'agreements/bad-delegatee-key', 'the delegatee key comes without a proof that its holder knows the secret',
    );
  }
}

/** @throws Rejection `agreements/bad-proposal` */
export function checkVerificationKeys(keys: readonly PinnedVerificationKey[], allowDevelopmentKeys: boolean): void {
  ensure(allowDevelopmentKeys || keys.every(({ development }) => !development), 'agreements/bad-proposal', 'this chain takes no development keys');
  ensure(new Set(keys.map(({ hash }) => toHex(hash))).size === keys.length, 'agreements/bad-proposal', 'a verification key stands twice');
}

function takeEffect(call: Call, action: Action): void {
  const { state } = call;
  switch (action.kind) {
    case 'pin-member':
      return pinMember(call, action.member);
    case 'unpin-member':
      return unpinMember(call, action.account);
    case 'set-parameters':
      parametersTable.write(state, action.parameters);
      return call.emit('parameters-set', { parameters: action.parameters });
    case 'set-registry':
      registryTable.write(state, action.registry);
      return call.emit('registry-set', { registry: action.registry });
    case 'set-verification-keys':
      verificationKeysTable.write(state, action.verificationKeys);
      return call.emit('verification-keys-set', { verificationKeys: action.verificationKeys });
    case 'set-voucher-keys':
      setVoucherKeys(state, action.voucherKeys);
      return call.emit('voucher-keys-set', { voucherKeys: action.voucherKeys });
    case 'set-replica-set':
      return setReplicaSet(call, action.replicas);
    case 'set-rules': {
      const current = rulesTable.read(state)?.version ?? 1;
      rulesTable.write(state, { version: current, next: { version: action.version, height: action.height } });
      return call.emit('rules-scheduled', { version: action.version, height: action.height });
    }
  }
}

function pinMember(call: Call, member: Member): void {
  const account = pin(call.state, member, call.block.timeMs);
  call.emit('member-pinned', { account, member });
}

/** Registers the member's account and pins its keys; `checkMember` has passed. */
export function pin(state: State, member: Member, atMs: number): AccountId {
  const id = accountId(member.accountKey);
  accountTable.write(state, {
    publicKey: member.accountKey, role: member.role, nonce: 0, balance: 0, registeredAtMs: atMs, certificate: null, revokedAtMs: null,
  }, id);
  memberTable.write(state, {
    name: member.name,
    eCertHash: member.eCertHash,
    delegateeKey: member.role === 'institution' ? member.delegateeKey : null,
    sealKey: 'sealKey' in member ? member.sealKey : null,
    pinnedAtMs: atMs,
  }, id);
  membersTable.write(state, [...membersOf(state, member.role), id].toSorted(), member.role);
  return id;
}

function unpinMember(call: Call, id: AccountId): void {
  const { state, block } = call;
  const account = accountOf(state, id);
  accountTable.write(state, { ...account, revokedAtMs: block.timeMs }, id);
  memberTable.remove(state, id);
  membersTable.write(state, membersOf(state, account.role).filter((member) => member !== id), account.role);
  call.emit('member-unpinned', { account: id });
}
