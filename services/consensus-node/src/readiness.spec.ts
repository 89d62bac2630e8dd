import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { ReplicaReport } from '@medveil/pbft';
import { Readiness } from './readiness.js';

const MEMBERS = ['replica-0', 'replica-1', 'replica-2', 'replica-3'];

const report = (changes: Partial<ReplicaReport> = {}): ReplicaReport => ({
  epoch: 1, members: MEMBERS, seat: 0, view: 0, primary: 0, active: true, delivered: 20, executed: 20, stable: 0, certified: 20, heard: 3,
  pendingRequests: 0, recovering: false, diverged: false, dropped: new Map(), ...changes,
});

const refuses = (readiness: Readiness, code: string, changes: Partial<ReplicaReport>, name = 'replica-0'): void =>
  assert.throws(() => readiness.check(name, report(changes)), { code });

describe('a replica is ready', () => {
  it('where it votes, has heard of 2f others and is where they are', () => {
    new Readiness().check('replica-0', report({ heard: 2 }));
  });

  it('not where its voice does not count', () => {
    refuses(new Readiness(), 'consensus-node/not-voting', { recovering: true });
    refuses(new Readiness(), 'consensus-node/not-voting', { diverged: true });
    refuses(new Readiness(), 'consensus-node/not-voting', { seat: null });
  });

  it('not before it has heard where 2f others stand; from then on also in a configuration in which nobody has spoken yet', () => {
    const readiness = new Readiness();
    refuses(readiness, 'consensus-node/peers-unheard', { heard: 1 });
    readiness.check('replica-0', report({ heard: 2 }));
    readiness.check('replica-0', report({ heard: 0 }));
  });

  it('not while more is committed than it can have under way', () => {
    const readiness = new Readiness();
    readiness.check('replica-0', report({ certified: 28 }));
    refuses(readiness, 'consensus-node/behind', { certified: 29 });
    readiness.check('replica-0', report({ certified: 29, executed: 21 }));
  });

  it('as one that follows and is no member, where it has executed what it knows of', () => {
    const follows = { seat: null, heard: 0 } as const;
    new Readiness().check('replica-4', report(follows));
    refuses(new Readiness(), 'consensus-node/behind', { ...follows, certified: 40 }, 'replica-4');
  });
});
