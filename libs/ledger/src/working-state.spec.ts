import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { CodedError } from '@medveil/encoding';
import fc from 'fast-check';
import { LEDGER_LIMITS } from './limits.js';
import { REPLICA_SET_KEY } from './state-view.js';
import { WorkingState } from './working-state.js';

const keys = fc.constantFrom('a', 'a/1', 'a/10', 'a/2', 'b', 'b/x', 'c~');
const command = fc.oneof(
  fc.record({ type: fc.constant('put' as const), key: keys, value: fc.integer() }),
  fc.record({ type: fc.constant('delete' as const), key: keys }),
  fc.record({ type: fc.constantFrom('begin' as const, 'commit' as const, 'rollback' as const) }),
);

const code = (expected: string) => (error: CodedError) => error.code === expected;

describe('working state', () => {
  it('behaves like a map with nested transactions, and tells its net changes', () => {
    fc.assert(fc.property(fc.array(command, { maxLength: 60 }), (commands) => {
      const base = WorkingState.from();
      base.put('a/1', 1);
      base.put('b', 2);
      const before = new Map(base.entries(''));
      const state = base.fork();
      const models = [new Map(before)];
      for (const step of commands) {
        const model = models.at(-1) as Map<string, unknown>;
        if (step.type === 'put') {
          state.put(step.key, step.value);
          model.set(step.key, step.value);
        } else if (step.type === 'delete') {
          state.delete(step.key);
          model.delete(step.key);
        } else if (step.type === 'begin') {
          state.begin();
          models.push(new Map(model) as Map<string, number>);
        } else if (models.length > 1) {
          state[step.type]();
          const [top] = models.splice(-1);
          if (step.type === 'commit') models.splice(-1, 1, top as Map<string, number>);
        }
      }
      const model = models.at(-1) as Map<string, number>;
      assert.deepEqual([...state.entries('')], [...model].toSorted(([a], [b]) => (a < b ? -1 : 1)));
      assert.deepEqual([...state.entries('a/')], [...model].filter(([key]) => key.startsWith('a/')).toSorted(([a], [b]) => (a < b ? -1 : 1)));
      const changed = [...new Set([...model.keys(), ...before.keys()])].filter((key) => model.get(key) !== before.get(key)).toSorted();
      assert.deepEqual(state.writes().map(({ key }) => key), changed);
      assert.deepEqual(new Map(base.entries('')), before, 'a fork does not touch what it came from');
    }));
  });

  it('iterates over the entries as they were when it was asked', () => {
    const state = WorkingState.from();
    for (const key of ['q/1', 'q/2', 'q/3', 'r']) state.put(key, key);
    const entries = state.entries('q/');
    state.delete('q/2');
    state.put('q/4', 'new');
    const seen = [];
    for (const [key] of entries) {
      seen.push(key);
      state.delete(key);
    }
    assert.deepEqual(seen, ['q/1', 'q/2', 'q/3']);
    assert.deepEqual([...state.entries('')].map(([key]) => key), ['q/4', 'r']);
  });

  it('starts behind a key', () => {
    const state = WorkingState.from();
    for (const key of ['p/9', 'q/1', 'q/2', 'q/3']) state.put(key, 0);
    assert.deepEqual([...state.entries('q/', { after: 'q/1' })].map(([key]) => key), ['q/2', 'q/3']);
    assert.deepEqual([...state.entries('q/', { after: 'q/15' })].map(([key]) => key), ['q/2', 'q/3']);
    assert.deepEqual([...state.entries('q/', { after: 'a' })].map(([key]) => key), ['q/1', 'q/2', 'q/3']);
  });

  it('hands out copies: what a caller does to a value does not reach the state', () => {
    const state = WorkingState.from();
    const bytes = Uint8Array.of(1, 2, 3);
    state.put('k', { bytes });
    bytes.fill(9);
    (state.get('k') as { bytes: Uint8Array }).bytes.fill(8);
    assert.deepEqual(state.get('k'), { bytes: Uint8Array.of(1, 2, 3) });
  });

  it('refuses keys and values outside its limits, and a broken replica set', () => {
    const state = WorkingState.from();
    for (const key of ['', 'with space', 'ümlaut', 'a\n', 'k'.repeat(LEDGER_LIMITS.stateKeyLength + 1)]) {
      assert.throws(() => state.put(key, 1), code('ledger/bad-key'));
    }
    assert.throws(() => state.put('k', new Uint8Array(LEDGER_LIMITS.stateValueBytes)), code('ledger/too-large'));
    assert.throws(() => state.put(REPLICA_SET_KEY, []), code('ledger/malformed'));
    assert.throws(() => state.put(REPLICA_SET_KEY, [{ id: 'x', publicKey: new Uint8Array(31) }]), code('ledger/malformed'));
    assert.throws(() => state.delete(REPLICA_SET_KEY), code('ledger/reserved-key'));
    assert.equal(state.size, 0);
  });
});
