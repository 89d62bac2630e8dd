import { toHex } from '@medveil/encoding';
import type { Message } from '../messages.js';
import type { ReplicaId } from '../replica-set.js';

const KEPT_LINES = 5_000;

/** What happened, a line each, for people: kept only when asked for. */
export class Trace {
  readonly lines: string[] = [];
  #last: Message | null = null;

  constructor(
    readonly on: boolean,
    readonly now: () => number,
  ) {}

  note(replica: ReplicaId, text: () => string): void {
    if (!this.on) return;
    this.#add(replica < 0 ? `--- ${text()}` : `replica ${replica} ${text()}`);
  }

  message(from: ReplicaId, to: ReplicaId, message: Message): void {
    if (!this.on || message.type === 'status' || message === this.#last) return;
    this.#last = message;
    this.#add(`replica ${from} says ${describe(message)} (to ${to}…)`);
  }

  #add(text: string): void {
    this.lines.push(`${this.now().toFixed(1).padStart(9)} ms  ${text}`);
    if (this.lines.length > KEPT_LINES) this.lines.splice(0, KEPT_LINES / 10);
  }
}

function describe(message: Message): string {
  switch (message.type) {
    case 'pre-prepare':
    case 'prepare':
    case 'commit':
      return `${message.type.toUpperCase()} ${message.view}/${message.sequence} ${toHex(message.digest).slice(0, 8)}`;
    case 'checkpoint':
      return `CHECKPOINT ${message.sequence}`;
    case 'view-change': {
      const prepared = message.prepared.map((p) => `${p.view}/${p.sequence} ${toHex(p.digest).slice(0, 8)}`).join(', ');
      return `VIEW-CHANGE ${message.newView}, certified ${message.base?.sequence ?? 0}, prepared [${prepared}]`;
    }
    case 'new-view':
      return `NEW-VIEW ${message.view} of ${message.viewChanges.map((v) => v.replica).join(',')}, again [${message.prePrepares.map((p) => `${p.sequence} ${toHex(p.digest).slice(0, 8)}`).join(', ')}]`;
    case 'fetch':
      return `FETCH ${message.from}…${message.until}`;
    case 'fetched':
      return `FETCHED ${message.blocks.map((block) => block.certificate.sequence).join(',')}`;
    case 'fetch-proposal':
      return `FETCH-PROPOSAL ${message.sequence} ${toHex(message.digest).slice(0, 8)}`;
    case 'proposal':
      return `PROPOSAL ${message.sequence}`;
    case 'request':
      return `REQUEST of ${message.transactions.length}`;
    case 'status':
    default:
      return 'STATUS';
  }
}
