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

/** Mistakes that a scenario shows and no random schedule has shown so far. */
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
