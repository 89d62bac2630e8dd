import { type CborValue, equalBytes, isCodedError } from '@medveil/encoding';
import { REPLICA_SET_KEY, type ReplicaIdentity, type ReplicaSet, replicaSetFrom, replicaSetValue } from '@medveil/ledger';
import { faultsTolerated } from '@medveil/pbft';
import { ensure } from '../errors.js';
import { replicaAtFaultTable, replicaSetChangeTable, replicaSetOfEpochTable } from '../state.js';
import type { Call, State } from './call.js';

/** Below this nobody may fail. */
const REPLICAS_MIN = 4;
/** The block that holds the decision is n, n + 1 names the new set and is certified by the old one (docs/adr/0006). */
const TAKES_EFFECT_AFTER = 2;
/** Height 1 is the first that the set of genesis certifies. */
const FIRST_EPOCH = 1;

/**
 * How much one change may alter. Agreement rests on none of this (the chain itself hands over), progress does:
 *
 * - *At most f of the new set are new*, by id or key, so a quorum of it has been there all along: the new configuration works at
 *   once, even if no newcomer has caught up, or a key was proposed that nobody holds.
 * - *At most f of the old set leave*, so among those who stay are correct ones that hold the last block of the old configuration.
 * - *Who is at fault comes first*: while replicas of the set have contradicted themselves under their present keys, a change lets
 *   one of them go or gives it another key.
 * - *One change at a time*: the next is decided in a block of the new set or later, so that neither rule is got round in steps.
 *
 * @throws Rejection `agreements/bad-proposal`
 */
export function checkReplicaSet({ state, block, chain }: Call, replicas: ReplicaSet): void {
  ensure(isReplicaSet(replicas), 'agreements/bad-proposal', 'replica ids and keys have to differ');
  ensure(chain.allowDevelopmentKeys || replicas.length >= REPLICAS_MIN, 'agreements/bad-proposal', 'too few replicas to tolerate a fault', {
    given: replicas.length, least: REPLICAS_MIN,
  });
  const present = replicaSetOf(state);
  ensure(!isSameSet(present, replicas), 'agreements/bad-proposal', 'the replica set would not change');
  const newcomers = replicas.filter((replica) => !isIn(present, replica)).length;
  const leaving = present.filter((replica) => !isIn(replicas, replica)).length;
  const [mostNew, mostLeaving] = [Math.max(1, faultsTolerated(replicas.length)), Math.max(1, faultsTolerated(present.length))];
  ensure(newcomers <= mostNew, 'agreements/bad-proposal', 'more new replicas, or keys, than may fail', { newcomers, most: mostNew });
  ensure(leaving <= mostLeaving, 'agreements/bad-proposal', 'more replicas, or keys, leave than may fail', { leaving, most: mostLeaving });
  const kept = (set: ReplicaSet): number => set.filter((replica) => isIn(replicas, replica) && isAtFault(state, replica)).length;
  const accused = present.filter((replica) => isAtFault(state, replica)).length;
  ensure(accused === 0 || kept(present) < accused, 'agreements/bad-proposal', 'a replica that contradicted itself has to leave, or to change its key, first', { accused });
  const fromHeight = replicaSetChangeTable.read(state)?.fromHeight ?? 0;
  ensure(block.height >= fromHeight, 'agreements/bad-proposal', 'the change before has not taken effect yet', { fromHeight, height: block.height });
}

export function setReplicaSet(call: Call, replicas: ReplicaSet): void {
  const { state, block } = call;
  const fromHeight = block.height + TAKES_EFFECT_AFTER;
  if (replicaSetChangeTable.read(state) === null) replicaSetOfEpochTable.write(state, [...replicaSetOf(state)], String(FIRST_EPOCH));
  state.put(REPLICA_SET_KEY, replicaSetValue(replicas) satisfies CborValue);
  replicaSetOfEpochTable.write(state, [...replicas], String(fromHeight));
  replicaSetChangeTable.write(state, { fromHeight, decidedAtMs: block.timeMs });
  call.emit('replica-set-changed', { replicas: replicas.map(({ id }) => id), fromHeight });
}

/** @returns the set whose first height this was, or will be; null: there is none */
export function replicaSetOfEpoch(state: State, epoch: number): ReplicaSet | null {
  const known = replicaSetOfEpochTable.read(state, String(epoch));
  return known ?? (epoch === FIRST_EPOCH && replicaSetChangeTable.read(state) === null ? replicaSetOf(state) : null);
}

export const replicaSetOf = (state: State): ReplicaSet => replicaSetFrom(state.get(REPLICA_SET_KEY));

const isIn = (set: ReplicaSet, { id, publicKey }: ReplicaIdentity): boolean => set.some((replica) => replica.id === id && equalBytes(replica.publicKey, publicKey));

const isSameSet = (a: ReplicaSet, b: ReplicaSet): boolean =>
  a.length === b.length && a.every(({ id, publicKey }, seat) => b[seat]?.id === id && equalBytes(b[seat]?.publicKey, publicKey));

/** Under its present key. */
const isAtFault = (state: State, { id, publicKey }: ReplicaIdentity): boolean => {
  const fault = replicaAtFaultTable.read(state, id);
  return fault !== null && equalBytes(fault.publicKey, publicKey);
};

function isReplicaSet(replicas: ReplicaSet): boolean {
  try {
    replicaSetFrom(replicaSetValue(replicas));
    return true;
  } catch (error) {
    if (isCodedError(error)) return false;
    throw error;
  }
}
