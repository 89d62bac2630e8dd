/** Why a message is dropped without blame: it is late, early, known, or of no use now. */
export type IgnoreCode = 'old' | 'ahead' | 'duplicate' | 'not-asked' | 'other-view' | 'other-configuration' | 'busy' | 'useless';

/** Why a message is refused: a correct replica does not send it (its transport or its key does). */
export type RejectCode =
  | 'too-large'
  | 'bad-encoding'
  | 'unknown-replica'
  | 'bad-signature'
  | 'not-primary'
  | 'bad-certificate'
  | 'bad-proposal'
  | 'bad-chain'
  | 'bad-new-view'
  | 'equivocation'
  | 'flooding';

/** What became of a message; counted per peer, never thrown. */
export type Verdict =
  | { readonly kind: 'accept' }
  | { readonly kind: 'ignore'; readonly code: IgnoreCode }
  | { readonly kind: 'reject'; readonly code: RejectCode };

export const ACCEPT: Verdict = { kind: 'accept' };
export const ignore = (code: IgnoreCode): Verdict => ({ kind: 'ignore', code });
export const reject = (code: RejectCode): Verdict => ({ kind: 'reject', code });
