import { type Proposal, proposalIdOf, proposalSchema, readProposal } from '@medveil/agreements';
import { CodedError, decodeCanonical, type Id } from '@medveil/encoding';
import type { StateReader } from '@medveil/ledger';

export interface KnownProposal {
  readonly proposalId: Id<'prp'>;
  readonly proposal: Proposal;
}

const MAX_KNOWN = 1_000;

/** @throws CodedError `consensus-node/bad-proposal` */
export function decodeProposal(bytes: Uint8Array): KnownProposal {
  const parsed = proposalSchema.safeParse(decodeCanonical(bytes));
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    throw new CodedError('consensus-node/bad-proposal', `${issue?.path.join('.') ?? ''}: ${issue?.message ?? 'not valid'}`);
  }
  return { proposalId: proposalIdOf(parsed.data), proposal: parsed.data };
}

/** What others have proposed and this member has not voted for yet. Derived from messages; the ledger decides. */
export class ProposalBoard {
  readonly #known = new Map<string, KnownProposal>();

  add(known: KnownProposal): void {
    if (this.#known.size >= MAX_KNOWN) this.#known.delete(this.#known.keys().next().value ?? '');
    this.#known.set(known.proposalId, known);
  }

  list(state: StateReader, voter: string): { known: KnownProposal; voted: boolean }[] {
    const open: { known: KnownProposal; voted: boolean }[] = [];
    for (const known of this.#known.values()) {
      const entry = readProposal(state, known.proposalId);
      if (entry?.decidedAtMs == null) open.push({ known, voted: entry?.votes.includes(voter as Id<'acc'>) ?? false });
    }
    return open;
  }
}

/** One line for an operator who has to decide. */
export function summary({ action }: Proposal): string {
  switch (action.kind) {
    case 'pin-member':
      return `pin ${action.member.role} "${action.member.name}"`;
    case 'unpin-member':
      return `unpin ${action.account}`;
    case 'set-parameters':
    case 'set-registry':
    case 'set-verification-keys':
    case 'set-voucher-keys':
    case 'set-replica-set':
      return action.kind.replaceAll('-', ' ');
    case 'set-rules':
      return `rules of version ${action.version} from height ${action.height}`;
    default:
      return action satisfies never;
  }
}
