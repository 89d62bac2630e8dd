import assert from 'node:assert/strict';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { commandsOf, withOutput } from './scenario-file.js';
import { Scenario } from './scenario.js';
import { faultsTolerated } from '../replica-set.js';
import type { ProtocolRules } from '../rules.js';

const FOLDER = new URL('../../src/scenarios/', import.meta.url);

/** REWRITE_SCENARIOS=1 puts what the replicas do now into the files: for people, who then read the difference. */
const REWRITE = process.env['REWRITE_SCENARIOS'] === '1';

const read = (file: string): string => readFileSync(new URL(file, FOLDER), 'utf8');

function play(file: string, rules: Partial<ProtocolRules> = {}): { readonly text: string; readonly played: string } {
  const text = read(file);
  const scenario = new Scenario(rules);
  return { text, played: withOutput(text, commandsOf(text).map((words) => scenario.run(words))) };
}

describe('scenarios', () => {
  for (const file of readdirSync(FOLDER).filter((name) => name.endsWith('.txt')).toSorted()) {
    it(file, () => {
      const { text, played } = play(file);
      if (REWRITE) writeFileSync(new URL(file, FOLDER), played);
      else assert.equal(played, text);
    });
  }
});

/** Mistakes that random schedules show rarely, or have not shown so far. */
const MUTATIONS: readonly { readonly name: string; readonly file: string; readonly rules: Partial<ProtocolRules>; readonly shows: RegExp }[] = [
  {
    name: 'NEW-VIEW proposes the certificate of the lowest view again: the chains part',
    file: 'highest-view.txt',
    rules: { preferHighestView: false },
    shows: /^0: B\n1: A/m,
  },
  {
    name: 'f+1 others in a later view draw nobody along: no quorum, no block',
    file: 'join-view-change.txt',
    rules: { joinVotes: (replicas) => faultsTolerated(replicas) + 2 },
    shows: /^0: nothing\n1: nothing\n2: nothing\n3: nothing$/m,
  },
  {
    name: 'a fetched body is not compared with its digest: a replica stands behind another block than it names',
    file: 'missing-body.txt',
    rules: { checkBodies: false },
    shows: /^> forge 1>3 proposal n1 X\n> deliver proposal\n3 writes body A/m,
  },
  {
    name: 'PREPARE for n2 before n1 is prepared',
    file: 'pipelining.txt',
    rules: { prepareInOrder: false },
    shows: /^> deliver pre-prepare\n.*\n.*PREPARE v0 n1 A\n.*\n.*PREPARE v0 n2 B\n/m,
  },
  {
    name: 'VIEW-CHANGE leaves out the second prepared block: the chains part',
    file: 'pipelined-view-change.txt',
    rules: { reportWholeRun: false },
    shows: /^0: A B\n1: A [^B]/m,
  },
  {
    name: 'NEW-VIEW keeps a tail on another predecessor',
    file: 'pipelined-tail.txt',
    rules: { cutBrokenChain: false },
    shows: /proposes n1 X, n2 B;/,
  },
  {
    name: 'what a view change has dropped is built on: no block',
    file: 'pipelined-requests.txt',
    rules: { dropSpeculation: false },
    shows: /^0: nothing\n1: nothing\n2: nothing\n3: nothing$/m,
  },
  {
    name: 'the leader goes on above a block that names another set',
    file: 'pipelined-set-change.txt',
    rules: { stopAtChange: false },
    shows: /^C is n3 on B: c0\/1[^]*PRE-PREPARE v0 n3 C[^]*> deliver pre-prepare/m,
  },
  {
    name: 'a request in agreement is proposed again: the leader is left',
    file: 'pipelining.txt',
    rules: { skipInFlight: false },
    shows: /^B is n2 on A: c0\/0[^]*VIEW-CHANGE v1/m,
  },
];

describe('a scenario notices', () => {
  for (const { name, file, rules, shows } of MUTATIONS) {
    it(name, () => {
      const { text, played } = play(file, rules);
      assert.notEqual(played, text);
      assert.match(played, shows);
      assert.doesNotMatch(text, shows);
    });
  }
});
