import { type CborValue, type Clock, digest, encodeCanonical, makeId, type RandomBytes } from '@medveil/encoding';
import type { MessageDefinition, SealedMessage } from './definition.js';
import { messagingError } from './errors.js';
import type { MessageSigner } from './identity.js';

export interface SealOptions {
  /** What order holds for: the claim's id, the sender's name. */
  readonly key: string;
  /** 16 to 32 bytes that make the message id; derived from what the message says where sending twice must look the same; default random. */
  readonly idBytes?: Uint8Array;
}

/** Everything of an envelope but its signature, in the field names it travels under. */
export interface UnsignedEnvelope {
  readonly type: string;
  readonly version: number;
  readonly id: string;
  readonly sender: string;
  readonly sentAtMs: number;
  readonly payload: CborValue;
}

export const DEFAULT_MAX_MESSAGE_BYTES = 1024 * 1024;

/**
 * What an envelope's Ed25519 signature is over: 32 bytes that also bind the network, so that a message of one deployment
 * means nothing in another.
 */
export const envelopeDigest = (network: string, envelope: UnsignedEnvelope): Uint8Array =>
  digest('medveil/message/1', { network, ...envelope });

export interface SealerOptions {
  /** The chain id: which deployment the message belongs to. */
  readonly network: string;
  readonly signer: MessageSigner;
  readonly clock: Clock;
  readonly random: RandomBytes;
  readonly maxMessageBytes?: number;
}

/** Validates a payload and wraps it into a signed envelope: canonical CBOR {type, version, id, sender, sentAtMs, payload, signature}. */
export class MessageSealer {
  readonly #options: SealerOptions;

  constructor(options: SealerOptions) {
    this.#options = options;
  }

  /** @throws CodedError `messaging/bad-payload`, `messaging/too-large` */
  async seal<T extends CborValue>(definition: MessageDefinition<T>, payload: T, options: SealOptions): Promise<SealedMessage> {
    const { network, signer, clock, random, maxMessageBytes = DEFAULT_MAX_MESSAGE_BYTES } = this.#options;
    const { type, version, topic, schema } = definition;
    const checked = schema.safeParse(payload);
    if (!checked.success) throw messagingError('messaging/bad-payload', 'payload does not fit its message', { type, version });
    const id = makeId('msg', options.idBytes ?? random(16));
    const unsigned: UnsignedEnvelope = { type, version, id, sender: signer.sender, sentAtMs: clock(), payload: checked.data };
    const signature = await signer.sign(envelopeDigest(network, unsigned));
    const envelope = encodeCanonical({ ...unsigned, signature });
    if (envelope.length > maxMessageBytes) {
      throw messagingError('messaging/too-large', 'message above the limit', { type, bytes: envelope.length, maxBytes: maxMessageBytes });
    }
    return { id, topic, key: options.key, envelope };
  }
}
