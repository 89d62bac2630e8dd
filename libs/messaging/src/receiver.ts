import { bytesSchema, type CborValue, decodeCanonical, idSchema, timeMsSchema } from '@medveil/encoding';
import { z } from 'zod';
import type { MessageDefinition, ReceivedMessage } from './definition.js';
import { Ed25519Verifier, type SenderDirectory } from './identity.js';
import type { DropReason, MessageObserver } from './port.js';
import type { ReplayGuard } from './replay.js';
import { DEFAULT_MAX_MESSAGE_BYTES, envelopeDigest } from './sealer.js';

const envelopeSchema = z.strictObject({
  type: z.string().min(1).max(64),
  version: z.int().min(0).max(65_535),
  id: idSchema('msg'),
  sender: z.string().min(1).max(128),
  sentAtMs: timeMsSchema,
  payload: z.custom<CborValue>((value) => value !== undefined),
  signature: bytesSchema({ length: 64 }),
});

export interface ReceiverOptions {
  readonly network: string;
  /** What this receiver understands; everything else is dropped as `unknown-type` or `unknown-version`. */
  readonly definitions: readonly MessageDefinition[];
  readonly directory: SenderDirectory;
  /** A first look at replays; their truth is the inbox in the database. */
  readonly replay?: ReplayGuard;
  readonly observer?: MessageObserver;
  readonly maxMessageBytes?: number;
}

export type Opened = { readonly ok: true; readonly message: ReceivedMessage } | { readonly ok: false; readonly reason: DropReason };

/** Decides what to believe of the bytes that a bus delivers. What it does not believe is counted and dropped. */
export class MessageReceiver {
  readonly #options: ReceiverOptions;
  readonly #definitions = new Map<string, MessageDefinition[]>();
  readonly #verifier = new Ed25519Verifier();

  constructor(options: ReceiverOptions) {
    this.#options = options;
    for (const definition of options.definitions) {
      this.#definitions.set(definition.type, [...(this.#definitions.get(definition.type) ?? []), definition]);
    }
  }

  /** Never throws for what a message contains; a failing directory or replay guard does throw, and the bus tries again. */
  async open(delivery: { readonly topic: string; readonly value: Uint8Array }): Promise<Opened> {
    const result = await this.#open(delivery.topic, delivery.value);
    if (!result.ok) this.#options.observer?.dropped?.(delivery.topic, result.reason);
    return result;
  }

  /** Called when the message's effect is durable, not before: a failed handling must be able to see it again. */
  async remember(message: ReceivedMessage): Promise<void> {
    await this.#options.replay?.remember(message.id);
  }

  async #open(topic: string, bytes: Uint8Array): Promise<Opened> {
    if (bytes.length > (this.#options.maxMessageBytes ?? DEFAULT_MAX_MESSAGE_BYTES)) return dropped('too-large');
    const envelope = readEnvelope(bytes);
    if (envelope === undefined) return dropped('malformed');
    const versions = this.#definitions.get(envelope.type);
    if (versions === undefined) return dropped('unknown-type');
    const definition = versions.find((candidate) => candidate.version === envelope.version);
    if (definition === undefined) return dropped('unknown-version');
    if (definition.topic !== topic) return dropped('wrong-topic');

    const sender = await this.#options.directory.lookup(envelope.sender);
    if (sender === undefined) return dropped('unknown-sender');
    if (!sender.allowedTypes.has(envelope.type)) return dropped('not-allowed');
    const { signature, ...unsigned } = envelope;
    if (!this.#verifier.verify(sender.publicKey, envelopeDigest(this.#options.network, unsigned), signature)) return dropped('bad-signature');

    const payload = definition.schema.safeParse(envelope.payload);
    if (!payload.success) return dropped('bad-payload');
    if ((await this.#options.replay?.seen(envelope.id)) === true) return dropped('replay');
    const { type, version, id, sentAtMs } = envelope;
    return { ok: true, message: { id, type, version, topic, sender: envelope.sender, sentAtMs, payload: payload.data } };
  }
}

const dropped = (reason: DropReason): Opened => ({ ok: false, reason });

function readEnvelope(bytes: Uint8Array): z.infer<typeof envelopeSchema> | undefined {
  try {
    const parsed = envelopeSchema.safeParse(decodeCanonical(bytes));
    return parsed.success ? parsed.data : undefined;
  } catch {
    return undefined;
  }
}
