import type { patientApi } from '@medveil/client';

export type Phase = patientApi.ExchangePhase;

/** An exchange goes forward only; what arrives late or twice changes nothing. */
const RANK: Readonly<Record<Phase, number>> = {
  prepared: 0, uploaded: 1, registered: 2, proved: 3, claimed: 4, granted: 5, delivered: 6, disputed: 7,
  settled: 9, rejected: 9, lapsed: 9, withdrawn: 9, refunded: 9, failed: 9,
};
export const PHASES = Object.keys(RANK) as readonly Phase[];
const OVER = 9;

export const isOver = (phase: Phase): boolean => RANK[phase] === OVER;
export const follows = (next: Phase, present: Phase): boolean => RANK[next] > RANK[present];

/** Ends that this agent came to by itself, perhaps on a word of the front that nothing proves. */
const OWN_VERDICTS: ReadonlySet<Phase> = new Set<Phase>(['rejected', 'failed']);
export const isOwnVerdict = (phase: Phase): boolean => OWN_VERDICTS.has(phase);
/** The ledger's verified events have the last word: a claim that it accepted goes on, whatever this agent had made of it. */
export const overrules = (next: Phase, present: Phase): boolean => follows(next, isOwnVerdict(present) ? 'proved' : present);

/** Phases in which the ledger holds a claim that came to something, or may yet. */
export const STANDING: ReadonlySet<Phase> = new Set<Phase>(['claimed', 'granted', 'delivered', 'disputed', 'settled']);
/** Phases in which the institution may have read what was granted. */
export const DELIVERED: ReadonlySet<Phase> = new Set<Phase>(['delivered', 'disputed', 'settled']);
/** Phases before the claim has been handed in. */
export const UNCLAIMED: ReadonlySet<Phase> = new Set<Phase>(['prepared', 'uploaded', 'registered', 'proved']);

const NEXT_STEP: Readonly<Record<Phase, string | null>> = {
  prepared: 'encrypt the parts asked for and upload them to the proxy',
  uploaded: 'register the commitment on the ledger',
  registered: 'prove that the record matches',
  proved: 'hand the claim in',
  claimed: 'hand the re-encryption keys of the parts, sealed, to the proxy',
  granted: 'wait for the delivery; if it does not come in time, this agent makes it itself',
  delivered: 'wait for the institution: its confirmation, or its silence, pays',
  disputed: 'wait for the auditors, who may see the disputed part',
  settled: null,
  rejected: 'none for this claim: the code says what was refused',
  lapsed: null,
  withdrawn: null,
  refunded: null,
  failed: 'see to what the code names, then start a new exchange',
};

export const nextStep = (phase: Phase, lastError: string | null): string | null =>
  NEXT_STEP[phase] === null || lastError === null ? NEXT_STEP[phase] : `${NEXT_STEP[phase]} (trying again after ${lastError})`;
