import { ClientProxy, type ReadPacket } from '@nestjs/microservices';
import type { MessageBus, MessageHeaders, PublishOptions } from './port.js';

/** What `emit(topic, data)` of the client takes: the sealed envelope's bytes and their key. */
export interface OutgoingRecord extends PublishOptions {
  readonly key: string;
  readonly value: Uint8Array;
  readonly headers?: MessageHeaders;
}

/** Nest's side of publishing. Events only: nothing in the system waits for an answer by message. */
export class BusClient extends ClientProxy {
  readonly #bus: MessageBus;

  constructor(bus: MessageBus) {
    super();
    this.#bus = bus;
  }

  override async connect(): Promise<void> {
    await this.#bus.check();
  }

  /** The bus is its owner's to close. */
  override close(): void {}

  override unwrap(): never {
    throw new Error('the bus belongs to the transport: use Transport.bus');
  }

  protected override publish(): never {
    throw new Error('the system sends events, not requests: use emit');
  }

  protected override async dispatchEvent<T>(packet: ReadPacket<OutgoingRecord>): Promise<T> {
    const { key, value, headers, until = 'queued' } = packet.data;
    await this.#bus.publish({ topic: String(packet.pattern), key, value, ...(headers === undefined ? {} : { headers }) }, { until });
    return undefined as T;
  }
}
