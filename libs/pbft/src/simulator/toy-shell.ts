import { fromUtf8, utf8 } from '@medveil/encoding';
import type { Effect } from '../effects.js';
import type { Input } from '../inputs.js';
import { isToyRequest, senderOf, type ToyLedger } from './toy-ledger.js';

type Question = Extract<Effect, { type: 'build-proposal' | 'check-requests' | 'read-blocks' | 'validate-proposal' }>;

/** What a shell around a toy ledger answers. */
export function toyAnswer(ledger: ToyLedger, effect: Question, isRealRequest: (id: string) => boolean = () => true): Input {
  switch (effect.type) {
    case 'build-proposal': {
      const usable = effect.requests.map((request) => request.id).filter((id) => !ledger.has(id));
      const unusable = effect.requests.map((request) => request.id).filter((id) => ledger.has(id));
      const proposal = usable.length > 0 || effect.evenIfEmpty ? ledger.build(usable, effect.ancestors) : null;
      return { type: 'proposal-built', view: effect.view, sequence: effect.sequence, proposal, unusable };
    }
    case 'validate-proposal':
      return { type: 'proposal-validated', sequence: effect.sequence, digest: effect.digest, ok: ledger.isValid(effect.proposal, effect.ancestors) };
    case 'check-requests': {
      const ids = effect.transactions.map(textOf).filter((id) => isToyRequest(id) && isRealRequest(id) && !ledger.has(id));
      return { type: 'requests', requests: ids.map(toyRequest), origin: effect.from };
    }
    case 'read-blocks':
    default: {
      const blocks = ledger.blocks.slice(effect.from - 1, effect.until).map(({ proposal, certificate }) => ({ proposal, certificate }));
      return { type: 'blocks', to: effect.to, blocks };
    }
  }
}

export const toyRequest = (id: string): { readonly id: string; readonly sender: string; readonly bytes: Uint8Array } => ({ id, sender: senderOf(id), bytes: utf8(id) });

function textOf(bytes: Uint8Array): string {
  try {
    return fromUtf8(bytes);
  } catch {
    return '';
  }
}
