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
 * Safety. Let d be committed at n in view v: 2f+1 replicas sent COMMIT, so each had prepared (n, d) in v. Any quorum of
 * VIEW-CHANGEs for a later view holds one of them that is correct, and it reports a base ≥ n or a certificate for n of a
 * view ≥ v. By induction over views, no other digest is prepared at n in any view after v, so the certificate of the
 * highest view names d. The blocks before n: a replica PREPAREs n only when n-1 is prepared in the same view or
 * committed, so the same argument holds for every sequence between the base and n.
 *
 * No gap, hence no null request. What one replica reports is contiguous above its base. Where the certificate of the
 * highest view at n+1 does not chain on the one chosen at n, its predecessor was not committed (else it would have been
 * chosen at n, as just shown), so no quorum prepared it, so it was not committed either, nor anything above it: O ends
 * at n, and what O leaves out no correct replica has delivered. The sequence numbers after O are free for new
 * proposals. A null request would fill a hole below something prepared; there is never such a hole.
 */
export function chooseProposals(viewChanges: readonly ViewChange[], epoch: number, rules: Pick<ProtocolRules, 'preferHighestView'>): NewViewBasis {
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
    if (chosen === null || (previous !== null && !equalBytes(chosen.previousDigest, previous))) return { base, proposals };
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
