import { ReferenceFunds } from './reference-funds.js';

/**
 * What the contract has to come to, said a second time and differently: nothing is kept but what was agreed and how it
 * ended; balances, escrows, places, licences in force and spent nullifiers are worked out from that whenever asked.
 */
export interface ModelRequirement {
  readonly institution: string;
  readonly exclusive: boolean;
  readonly domains: readonly string[];
  readonly reward: number;
  readonly fee: number;
  readonly quantity: number;
  readonly expiresAtMs: number;
  readonly untilMs: number;
  status: 'open' | 'closed' | 'expired';
}

export interface ModelClaim {
  readonly requirement: number;
  readonly person: string;
  readonly patient: string;
  status: 'accepted' | 'delivered' | 'disputed' | 'settled' | 'lapsed' | 'withdrawn' | 'refunded';
  deadlineMs: number | null;
  grantRevoked: boolean;
  bond: 'none' | 'held' | 'returned' | 'lost';
  votes: Map<string, Outcome>;
  atFault: boolean;
  wasDelivered: boolean;
  isDeleted: boolean;
  hasReceipt: boolean;
}

type Outcome = 'patient-at-fault' | 'body-unavailable' | 'institution-at-fault';

export interface ModelParameters {
  readonly deliverWithinMs: number;
  readonly confirmWithinMs: number;
  readonly ruleWithinMs: number;
  readonly disputeBond: number;
  readonly claimAttempts: number;
  readonly auditors: number;
  readonly denominations: readonly number[];
  readonly feeBasisPoints: number;
}

const LIVE: readonly ModelClaim['status'][] = ['accepted', 'delivered', 'disputed', 'settled'];

export class ReferenceModel {
  readonly requirements: ModelRequirement[] = [];
  readonly claims: ModelClaim[] = [];
  readonly minted = new Map<string, number>();
  readonly redeemed = new Map<string, number>();
  readonly revoked = new Set<string>();

  readonly funds: ReferenceFunds;
  /** of what is released from now on */
  feeBasisPoints: number;

  /** @param overridden the ledger's parameters that are not the default ones */
  constructor(readonly parameters: ModelParameters, public timeMs: number, readonly overridden: object) {
    this.funds = new ReferenceFunds(parameters.denominations);
    this.feeBasisPoints = parameters.feeBasisPoints;
  }

  private requirementOf = (claim: ModelClaim): ModelRequirement => this.requirements[claim.requirement]!;
  private claimsOf = (requirement: number, statuses: readonly ModelClaim['status'][]): ModelClaim[] =>
    this.claims.filter((claim) => claim.requirement === requirement && statuses.includes(claim.status));

  taken = (requirement: number): number => this.claimsOf(requirement, LIVE).length;

  escrow(requirement: number): number {
    const { status, reward, quantity } = this.requirements[requirement]!;
    return status === 'open' ? reward * (quantity - this.taken(requirement)) : 0;
  }

  balance(account: string): number {
    let balance = (this.minted.get(account) ?? 0) - (this.redeemed.get(account) ?? 0) + this.funds.balance(account);
    for (const [index, requirement] of this.requirements.entries()) {
      if (requirement.institution === account) {
        balance -= requirement.reward * (requirement.status === 'open' ? requirement.quantity : this.taken(index));
      }
    }
    for (const claim of this.claims) {
      const { reward, fee, institution } = this.requirementOf(claim);
      const isBondGone = claim.bond === 'held' || claim.bond === 'lost';
      if (institution === account && isBondGone) balance -= this.parameters.disputeBond;
      if (claim.patient === account && claim.bond === 'lost') balance += this.parameters.disputeBond;
      if (claim.patient === account && claim.status === 'settled') balance += reward - fee;
      if (account === 'fees' && claim.status === 'settled') balance += fee;
    }
    return balance;
  }

  /** The code a claim is refused with, or null; only what depends on other agreements. */
  refusesClaim(index: number, person: string): string | null {
    const requirement = this.requirements[index]!;
    const mine = this.claims.filter((claim) => claim.person === person);
    const earlier = mine.filter((claim) => claim.requirement === index);
    const mayRetry = earlier.every((claim) => !LIVE.includes(claim.status) && !claim.atFault);
    if (!mayRetry || earlier.length >= this.parameters.claimAttempts) return 'agreements/nullifier-spent';
    const inForce = mine.filter((claim) => LIVE.includes(claim.status) && this.requirementOf(claim).untilMs > this.timeMs);
    for (const domain of requirement.domains) {
      const others = inForce.map(this.requirementOf).filter(({ domains }) => domains.includes(domain));
      if (others.some(({ exclusive }) => exclusive)) return 'agreements/exclusive-licence-in-force';
      if (requirement.exclusive && others.length > 0) return 'agreements/licence-in-force';
    }
    return this.taken(index) < requirement.quantity ? null : 'agreements/quantity-reached';
  }

  refusesRequirement(index: number): string | null {
    const { status, expiresAtMs } = this.requirements[index]!;
    if (status === 'expired' || expiresAtMs <= this.timeMs) return 'agreements/requirement-expired';
    return status === 'open' ? null : 'agreements/requirement-closed';
  }

  rule(claim: ModelClaim, auditor: string, outcome: Outcome): void {
    claim.votes.set(auditor, outcome);
    const agreeing = [...claim.votes.values()].filter((vote) => vote === outcome).length;
    if (agreeing * 2 <= this.parameters.auditors) return;
    claim.status = outcome === 'institution-at-fault' ? 'settled' : 'refunded';
    claim.bond = outcome === 'institution-at-fault' ? 'lost' : 'returned';
    claim.atFault = outcome === 'patient-at-fault';
    claim.deadlineMs = null;
  }

  pass(ms: number): void {
    this.timeMs += ms;
    this.funds.pass(this.timeMs);
    for (const requirement of this.requirements) {
      if (requirement.status === 'open' && requirement.expiresAtMs <= this.timeMs) requirement.status = 'expired';
    }
    for (const claim of this.claims) {
      if (claim.deadlineMs === null || claim.deadlineMs > this.timeMs) continue;
      if (claim.status === 'disputed') claim.bond = 'returned';
      claim.status = claim.status === 'accepted' ? 'lapsed' : 'settled';
      claim.deadlineMs = null;
    }
  }
}
