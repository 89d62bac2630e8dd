import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { RequestIntake } from './request-intake.js';

const transactions = (length: number, first = 0): Uint8Array[] => Array.from({ length }, (_, index) => Uint8Array.of(first, index % 256, index >> 8));
const codesOf = (admissions: Awaited<ReturnType<RequestIntake['take']>>): Set<string | null> => new Set(admissions.map((admission) => (admission.ok ? null : admission.code)));

/** Admits what begins with zero. */
function intake() {
  const checked: Uint8Array[] = [];
  const checking = new RequestIntake((transaction) => {
    checked.push(transaction);
    if (transaction[0] === 9) throw new TypeError('a mistake');
    return transaction[0] === 0 ? { ok: true, sender: 'anyone', nonce: 0 } : { ok: false, code: 'test/no', reason: 'no' };
  });
  const finish = (): void => { while (!checking.isEmpty) checking.checkSome(); };
  return { checking, checked, finish };
}

describe('transactions that wait to be checked', () => {
  it('are answered for in their order, whoever stood before them', async () => {
    const { checking, finish } = intake();
    const answers = [checking.take([...transactions(20), ...transactions(1, 1)], 'client'), checking.take([], 2), checking.take(transactions(3), 2)];
    finish();
    const [first, empty, second] = await Promise.all(answers);
    assert.deepEqual([first?.map(({ ok }) => ok), empty, second?.length], [[...Array(20).fill(true), false], [], 3]);
  });

  it('wait in a line for each origin, and the lines take turns', async () => {
    const { checking, checked, finish } = intake();
    const flood = checking.take(transactions(1_000), 'client');
    const other = checking.take(transactions(1, 1), 3);
    for (let turn = 0; turn < 2; turn += 1) checking.checkSome();
    assert.deepEqual(codesOf(await other), new Set(['test/no']));
    assert.ok(checked.length < 32);
    finish();
    assert.equal((await flood).length, 1_000);
  });

  it('are refused where too many of their origin wait, and only then', async () => {
    const { checking, checked, finish } = intake();
    const full = checking.take(transactions(4_096), 'client');
    assert.deepEqual(codesOf(await checking.take(transactions(2), 'client')), new Set(['consensus-node/busy']));
    const large = checking.take([new Uint8Array(16 * 1024 * 1024)], 1);
    assert.deepEqual(codesOf(await checking.take(transactions(1), 1)), new Set(['consensus-node/busy']));
    finish();
    assert.deepEqual([codesOf(await full), codesOf(await large), checked.length], [new Set([null]), new Set([null]), 4_097]);
    const again = checking.take(transactions(2), 'client');
    finish();
    assert.deepEqual(codesOf(await again), new Set([null]));
  });

  it('are told of a check that breaks, and of the end', async () => {
    const { checking, finish } = intake();
    const broken = assert.rejects(checking.take(transactions(1, 9), 'client'), TypeError);
    const good = checking.take(transactions(1), 'client');
    finish();
    await broken;
    assert.deepEqual(codesOf(await good), new Set([null]));
    const late = checking.take(transactions(9), 'client');
    checking.checkSome();
    checking.stop();
    assert.deepEqual(codesOf(await late), new Set(['consensus-node/replica-stopped']));
    assert.deepEqual(codesOf(await checking.take(transactions(1), 'client')), new Set(['consensus-node/replica-stopped']));
    assert.equal(checking.isEmpty, true);
  });
});
