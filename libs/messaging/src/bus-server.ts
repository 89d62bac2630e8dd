import { incomingHeaders, inSpan, withCorrelation } from '@medveil/correlation';
import { BaseRpcContext, type CustomTransportStrategy, Server } from '@nestjs/microservices';
import { finalize, isObservable, lastValueFrom } from 'rxjs';
import type { ReceivedMessage } from './definition.js';
import { UnprocessableMessageError } from './errors.js';
import type { Delivery, DeliveryObserver, MessageBus, MessageObserver, Subscription } from './port.js';
import type { MessageReceiver } from './receiver.js';

/** What a handler gets by `@Ctx()`: the verified message around the payload that `@Payload()` gives. */
export class MessageContext extends BaseRpcContext<[ReceivedMessage, Delivery]> {
  get message(): ReceivedMessage {
    return this.args[0];
  }

  get delivery(): Delivery {
    return this.args[1];
  }
}

export interface BusServerOptions {
  readonly bus: MessageBus;
  /** The consumer group, for example the service's name; for the replicas one group each. */
  readonly group: string;
  readonly receiver: MessageReceiver;
  /** Messages of different keys handled at once; default 8. */
  readonly concurrency?: number;
  readonly observer?: MessageObserver;
}

/**
 * Nest's side of consuming: `@OnTopic(TOPICS.grants)` methods get the payload of every believed message of the topic,
 * whatever its type (`context.message.type` tells). A handler that throws is tried again by the bus.
 */
export class BusServer extends Server implements CustomTransportStrategy {
  /** Nest hands failures on to the bus, which counts, retries and buries them. */
  override readonly propagatesEventHandlerErrors = true;
  override transportId = Symbol('medveil-bus');
  readonly #options: BusServerOptions;
  /** Of the deliveries in hand: types of the messages that were believed. */
  readonly #types = new WeakMap<Delivery, string>();
  #subscription: Subscription | undefined;

  constructor(options: BusServerOptions) {
    super();
    this.#options = options;
  }

  override listen(callback: (...args: unknown[]) => unknown): void {
    const { bus, group, concurrency, observer } = this.#options;
    this.#subscription = bus.subscribe({
      group,
      topics: [...this.getHandlers().keys()],
      handler: async (delivery) => this.#within(delivery),
      ...(observer === undefined ? {} : { observer: this.#observed(observer) }),
      ...(concurrency === undefined ? {} : { concurrency }),
    });
    callback();
  }

  /** Waits for the handlers in progress. Idempotent. */
  override async close(): Promise<void> {
    await this.#subscription?.close();
  }

  override on(): never {
    throw new Error('the transport has no events');
  }

  override unwrap(): never {
    throw new Error('the bus belongs to the transport: use Transport.bus');
  }

  #observed(observer: MessageObserver): DeliveryObserver {
    return {
      handled: (delivery, outcome, durationMs) => {
        const type = this.#types.get(delivery);
        if (type !== undefined) observer.handled?.(delivery.topic, type, outcome, durationMs);
      },
      dropped: (topic, reason) => observer.dropped?.(topic, reason),
      waiting: (topic, inHand, atBroker) => observer.waiting?.(topic, inHand, atBroker),
    };
  }

  /** Under what came along with the message; its sender's word decides nothing. */
  async #within(delivery: Delivery): Promise<void> {
    const { topic, group, headers = {} } = delivery;
    const { correlation, traceparent } = incomingHeaders(headers);
    const attributes = { 'medveil.service': group, 'messaging.destination.name': topic };
    await withCorrelation(correlation, async () =>
      inSpan(`${topic} process`, { role: 'consumer', attributes, parent: traceparent }, async () => this.#handle(delivery)));
  }

  async #handle(delivery: Delivery): Promise<void> {
    const opened = await this.#options.receiver.open(delivery);
    if (!opened.ok) return;
    this.#types.set(delivery, opened.message.type);
    const handler = this.getHandlerByPattern(delivery.topic);
    if (handler === null) throw new UnprocessableMessageError('handler/none');
    const context = new MessageContext([opened.message, delivery]);
    const result: unknown = await handler(opened.message.payload, context);
    if (isObservable(result)) await lastValueFrom(result.pipe(finalize(() => undefined)), { defaultValue: undefined });
    await this.#options.receiver.remember(opened.message);
  }
}
