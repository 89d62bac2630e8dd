import { decodeMessage } from '../message-codec.js';
import type { Message } from '../messages.js';
import type { Configuration } from '../replica-set.js';
import { judgeMessage, type VerificationContext } from '../verify-message.js';

/**
 * Verification has no state, so a broadcast is decoded and verified once for all who receive it, as a shell with
 * verifying threads would hand it in. In some schedules the replicas do it themselves.
 */
export class Messages {
  readonly #known = new WeakMap<Uint8Array, { readonly message: Message | null; readonly good: boolean }>();

  constructor(
    readonly context: Omit<VerificationContext, 'epoch' | 'replicaSet'>,
    /** Undefined: no correct replica has come that far. */
    readonly configurationOf: (epoch: number) => Configuration | undefined,
  ) {}

  /** @returns null for what is malformed or not good */
  verified(bytes: Uint8Array): Message | null {
    const { message, good } = this.#look(bytes);
    return good ? message : null;
  }

  /** @returns null for what is malformed */
  decoded(bytes: Uint8Array): Message | null {
    return this.#look(bytes).message;
  }

  #look(bytes: Uint8Array): { readonly message: Message | null; readonly good: boolean } {
    const known = this.#known.get(bytes);
    if (known !== undefined) return known;
    const message = decodedOrNull(bytes);
    const good = message !== null && this.#isGood(message);
    this.#known.set(bytes, { message, good });
    return { message, good };
  }

  #isGood(message: Message): boolean {
    if (!('epoch' in message)) return true;
    const configuration = this.configurationOf(message.epoch);
    return configuration !== undefined && judgeMessage(message, { ...this.context, epoch: message.epoch, replicaSet: configuration.replicaSet }).kind === 'accept';
  }
}

function decodedOrNull(bytes: Uint8Array): Message | null {
  try {
    return decodeMessage(bytes);
  } catch {
    return null;
  }
}
