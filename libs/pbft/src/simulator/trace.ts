import type { Message } from '../messages.js';
import type { ReplicaId } from '../replica-set.js';
import { short } from './checker.js';
import { describeMessage } from './describe.js';

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
    this.#add(`replica ${from} says ${describeMessage(message, short)} (to ${to}…)`);
  }

  #add(text: string): void {
    this.lines.push(`${this.now().toFixed(1).padStart(9)} ms  ${text}`);
    if (this.lines.length > KEPT_LINES) this.lines.splice(0, KEPT_LINES / 10);
  }
}
