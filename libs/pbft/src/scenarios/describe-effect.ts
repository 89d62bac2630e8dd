import type { Effect } from '../effects.js';
import { decodeMessage } from '../message-codec.js';
import { describeMessage, describePrepared, type NameOf } from '../simulator/describe.js';
import type { WalEntry } from '../wal-entries.js';

/** What is left out unless a scenario asks for it. */
export type Detail = 'questions' | 'requests' | 'status' | 'timers';

/** An effect in a few words; null for what is not shown. */
export function describeEffect(effect: Effect, nameOf: NameOf, shown: ReadonlySet<Detail>): string | null {
  switch (effect.type) {
    case 'send':
    case 'broadcast': {
      if (effect.kind === 'status' && !shown.has('status')) return null;
      if (effect.kind === 'request' && !shown.has('requests')) return null;
      const message = decodeMessage(effect.bytes);
      const repeated = effect.type === 'send' ? ` to ${effect.to}` : '';
      return `sends ${describeMessage(message, nameOf)}${repeated}`;
    }
    case 'persist':
      return `writes ${effect.entries.map((entry) => describeEntry(entry, nameOf)).join(', ')}`;
    case 'compact-log':
      return `begins the log anew: ${effect.entries.map((entry) => describeEntry(entry, nameOf)).join(', ')}`;
    case 'deliver':
      return `delivers n${effect.sequence} ${nameOf(effect.digest)}`;
    case 'set-timer':
      return shown.has('timers') && effect.id !== 'status' ? `sets ${effect.id} ${effect.delayMs} ms` : null;
    case 'cancel-timer':
      return shown.has('timers') ? `cancels ${effect.id}` : null;
    case 'build-proposal':
      return shown.has('questions') ? `asks for a proposal n${effect.sequence} on ${nameOf(effect.previousDigest)}` : null;
    case 'validate-proposal':
      return shown.has('questions') ? `asks whether ${nameOf(effect.digest)} is valid` : null;
    case 'requests-refused':
      return `has no room for ${effect.ids.join(', ')}`;
    case 'evidence':
      return `accuses ${effect.evidence.replica} of a second ${effect.evidence.kind.toUpperCase()}`;
    case 'view-entered':
      return `enters v${effect.view}`;
    case 'reconfigured':
      return `goes on in the configuration from n${effect.configuration.epoch}`;
    case 'diverged':
      return `finds its state different at n${effect.sequence}`;
    case 'check-requests':
    case 'read-blocks':
    default:
      return null;
  }
}

export function describeEntry(entry: WalEntry, nameOf: NameOf): string {
  switch (entry.type) {
    case 'proposal':
      return `body ${nameOf(entry.digest)}`;
    case 'pre-prepare':
      return `pre-prepare v${entry.prePrepare.view} n${entry.prePrepare.sequence} ${nameOf(entry.prePrepare.digest)}`;
    case 'prepared':
      return `prepared ${describePrepared(entry.certificate, nameOf)}`;
    case 'committed':
      return `committed n${entry.certificate.sequence} ${nameOf(entry.certificate.digest)}`;
    case 'view-change':
      return `view-change v${entry.viewChange.newView}`;
    case 'new-view':
      return `new-view v${entry.newView.view}`;
    case 'stable':
      return `stable n${entry.certificate.sequence}`;
    case 'configuration':
      return `configuration from n${entry.epoch}`;
    case 'recovering':
      return entry.quietUntil === null ? 'recovering' : `recovering until n${entry.quietUntil}`;
    case 'recovered':
    default:
      return 'recovered';
  }
}
