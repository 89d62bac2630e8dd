import { equalBytes } from '@medveil/encoding';
import type { CommitCertificate, PreparedCertificate } from './certificates.js';
import type { ViewChange } from './messages.js';
import type { ProtocolRules } from './rules.js';

/** What the new view starts from and must propose again. */
export interface NewViewBasis {
  /** The highest certified block of this configuration that the view changes speak of; null: there is none yet. */
  readonly base: CommitCertificate | null;
  /** In sequence order from base + 1, without a gap. */
  readonly proposals: readonly PreparedCertificate[];
}

/**
 * min-s, max-s and O of Castro–Liskov 1999, 4.4, over a chain.
 *
 * What a correct replica reports. It has (v, n, d) prepared only while the block before, with the digest that d names, is
 * prepared in v too, or delivered (`isPreparedBefore`); so right after it has prepared (v, n, d), its certificates from its
 * last delivered block up to n are one chain. Later views can replace certificates only by ones of higher views.
 *
 * What may be committed is kept. Let d be committed at n in view v, and d(m) be its ancestor at m ≤ n. Claim: for all m ≤ n,
 * no other digest than d(m) is prepared at m in any view after v, and none but d(m) is certified at m. By induction over the
 * views v' > v, and in each over m. 2f+1 replicas sent COMMIT for d in v, so any quorum of VIEW-CHANGEs for v' holds one
 * that is correct and had (v, n, d) prepared before it left for v'. Each of its sequence numbers up to n was then delivered, or
 * prepared in v; what it has prepared there since is, by induction, d(m) again. So either its base is ≥ m, or it reports d(m)
 * with a view ≥ v: nothing breaks its chain below, and the run is not longer than P may be. A certificate for m of view v
 * names d(m) (one PRE-PREPARE per view), one of a view between v and v' does by induction. So the certificate of the highest
 * view at m names d(m), for every m between the base and n: O holds them all, chained. A correct replica takes no other
 * PRE-PREPARE in v' for them, and none at or below the base.
 *
 * What is cut. Where the certificate of the highest view at m does not chain on the one chosen at m-1, or there is none, nothing
 * is committed at m or above it: it would be the descendant of a committed block at m, which would have been chosen there and
 * chain. O ends at m-1, and the sequence numbers after it are free for new proposals. A certificate that is left
 * over above O (a tail on another predecessor) is of a lower view than whatever is prepared below it from now on, and the chain
 * rule leaves it out of every later P and O.
 *
 * No null requests: they fill holes below something prepared, and what is prepared has none.
 */
export function chooseProposals(
  viewChanges: readonly ViewChange[],
  epoch: number,
  rules: Pick<ProtocolRules, 'cutBrokenChain' | 'preferHighestView'>,
): NewViewBasis {
  let base: CommitCertificate | null = null;
  for (const { base: candidate } of viewChanges) {
    if (candidate !== null && candidate.sequence > (base?.sequence ?? 0)) base = candidate;
  }
  const proposals: PreparedCertificate[] = [];
  let sequence = base?.sequence ?? epoch - 1;
  let previous = base?.digest ?? null;
  for (;;) {
    sequence += 1;
    const chosen = preparedAt(viewChanges, sequence, rules.preferHighestView);
    const follows = chosen !== null && (previous === null || equalBytes(chosen.previousDigest, previous) || !rules.cutBrokenChain);
    if (chosen === null || !follows) return { base, proposals };
    proposals.push(chosen);
    previous = chosen.digest;
  }
}

function preparedAt(viewChanges: readonly ViewChange[], sequence: number, preferHighest: boolean): PreparedCertificate | null {
  let chosen: PreparedCertificate | null = null;
  for (const { prepared } of viewChanges) {
    for (const candidate of prepared) {
      if (candidate.sequence !== sequence) continue;
      const better = chosen === null || (preferHighest ? candidate.view > chosen.view : candidate.view < chosen.view);
      if (better) chosen = candidate;
    }
  }
  return chosen;
}
