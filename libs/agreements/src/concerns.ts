import type { AgreementEvent } from './events.js';
import type { AccountId, ClaimId, RequirementId } from './vocabulary.js';

/** Whom an event is about: the accounts that it names, and the claim or requirement through which it concerns others. */
export interface Concern {
  readonly accounts: readonly AccountId[];
  readonly claimId: ClaimId | null;
  readonly requirementId: RequirementId | null;
}

export function concernOf({ data }: AgreementEvent): Concern {
  return {
    accounts: [
      ...('account' in data ? [data.account] : []),
      ...('accounts' in data ? data.accounts : []),
      ...('patient' in data ? [data.patient] : []),
      ...('institution' in data ? [data.institution] : []),
    ],
    claimId: 'claimId' in data ? data.claimId : null,
    requirementId: 'requirementId' in data ? data.requirementId : null,
  };
}
