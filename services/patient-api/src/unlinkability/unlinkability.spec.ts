/**
 * The ledger's bytes, statistically (docs/security.md, "Unlinkability"): an adversary with everything that ledger and proxy show, and accomplices to
 * learn from, seeks the second pseudonym of each patient. Seeds are fixed: the outcome is the same at every run.
 */
import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import { Crowd, type Leak, prepareCrowds, type SeenPseudonym } from './crowd.js';
import { distinguish, FEATURE_NAMES, type FeatureName, fillRuns, type Guess, numbersFrom } from './distinguisher.js';

const PATIENTS = 72;
/** of them the adversary's own */
const KNOWN = 24;
const PERMUTATIONS = 19_999;
/** Probability that honest bytes look linkable to one of the distinguishers: each of them has its share. */
const ALPHA = 0.001;
const ALPHA_EACH = ALPHA / (FEATURE_NAMES.length + 1);

let crowd: Crowd;
before(async () => {
  await prepareCrowds();
  crowd = await Crowd.of(PATIENTS, 'unlinkability');
});

type Pair = readonly [readonly SeenPseudonym[], readonly SeenPseudonym[]];

const guess = (pair: Pair, names: readonly FeatureName[]): Guess =>
  distinguish(pair, { names, known: KNOWN, permutations: PERMUTATIONS, draw: numbersFrom(names.length) });

const linked = ({ p }: Guess): boolean => p <= ALPHA_EACH;

describe('two pseudonyms of one patient, in a crowd', () => {
  it('are not told from those of two patients by what ledger and proxy show, feature by feature or by all of it', async () => {
    const pair = await crowd.act(null);
    fillRuns(pair.flat());
    for (const names of [...FEATURE_NAMES.map((name) => [name]), FEATURE_NAMES]) {
      const { success, p } = guess(pair, names);
      assert.ok(p > ALPHA_EACH, `${names.join(', ')}: success ${success}, p = ${p}`);
    }
  });
});

describe('the same adversary wins', () => {
  const LEAKS: readonly (readonly [leak: Leak, by: FeatureName, atLeast: number])[] = [
    ['serials in sequence', 'serial of the T-Cert', 0.95],
    ['a stock of T-Certs over two epochs', 'epoch of the T-Cert', 0.7],
    ['exchanges begun at once, in the patients’ order', 'place among the claims on a requirement', 0.95],
    ['one r for all instances', 'runs of bytes', 0.95],
  ];
  for (const [leak, by, atLeast] of LEAKS) {
    it(`where there are ${leak}`, async () => {
      const pair = await crowd.act(leak);
      if (by === 'runs of bytes') fillRuns(pair.flat());
      const alone = guess(pair, [by]);
      assert.ok(linked(alone) && alone.success >= atLeast, `${by}: success ${alone.success}, p = ${alone.p}`);
      const together = guess(pair, FEATURE_NAMES);
      assert.ok(linked(together), `all: success ${together.success}, p = ${together.p}`);
    });
  }
});

describe('what is conceded', () => {
  it('is that claims within one domain are linked, by its nullifier', async () => {
    assert.equal(guess(await crowd.act('one domain'), ['nullifiers of domains']).success, 1);
  });

  it('is that size classes say as much as sizes have to do with the person', async () => {
    const { success, p } = guess(await crowd.act('sizes that go with the person'), ['sizes of bodies']);
    assert.ok(p <= ALPHA_EACH && success < 0.99, `success ${success}, p = ${p}`);
  });
});
