import { readFileSync } from 'node:fs';
import kafkajs, { type Admin, type Kafka } from 'kafkajs';
import { isCodedError } from '@medveil/encoding';
import { messagingError } from './errors.js';
import type { MessagingErrorCode } from './port.js';

export interface KafkaConnectionOptions {
  /** host:port of some of the brokers */
  readonly brokers: readonly string[];
  readonly clientId: string;
  /** Absent: no TLS. */
  readonly tls?: {
    /** PEM; absent: the system's authorities. */
    readonly caFile?: string;
    /** PEM, for brokers that know their clients by certificate. */
    readonly certificateFile?: string;
    readonly keyFile?: string;
  };
  readonly sasl?: { readonly mechanism: 'plain' | 'scram-sha-256' | 'scram-sha-512'; readonly username: string; readonly password: string };
  readonly connectTimeoutMs: number;
  /** Longest wait for one answer of a broker. */
  readonly requestTimeoutMs: number;
}

/** Tries of one request: together some ten seconds, in which a broker restarts or another becomes the leader. */
export const RETRY = { retries: 12, initialRetryTime: 50, maxRetryTime: 1_000 } as const;

export function kafkaClient({ brokers, clientId, tls, sasl, connectTimeoutMs, requestTimeoutMs }: KafkaConnectionOptions): Kafka {
  const [ca, cert, key] = [tls?.caFile, tls?.certificateFile, tls?.keyFile].map(read);
  return new kafkajs.Kafka({
    brokers: [...brokers],
    clientId,
    connectionTimeout: connectTimeoutMs,
    authenticationTimeout: connectTimeoutMs,
    requestTimeout: requestTimeoutMs,
    retry: RETRY,
    // What matters is told by errors, the readiness check and the observer.
    logLevel: kafkajs.logLevel.NOTHING,
    ...(tls === undefined ? {} : { ssl: { ...(ca === undefined ? {} : { ca: [ca] }), ...(cert === undefined ? {} : { cert }), ...(key === undefined ? {} : { key }) } }),
    ...(sasl === undefined ? {} : { sasl: { ...sasl } as kafkajs.SASLOptions }),
  });
}

const read = (path: string | undefined) => (path === undefined ? undefined : readFileSync(path, 'utf8'));

/** An administrator's connection, made when it is needed, and anew after a failure. */
export class KafkaAdmin {
  readonly #kafka: Kafka;
  readonly #timeoutMs: number;
  #admin: Promise<Admin> | undefined;

  constructor(kafka: Kafka, timeoutMs: number) {
    this.#kafka = kafka;
    this.#timeoutMs = timeoutMs;
  }

  /** @throws CodedError `messaging/unavailable`, `messaging/forbidden` */
  async use<T>(work: (admin: Admin) => Promise<T>): Promise<T> {
    const connecting = (this.#admin ??= this.#connect());
    try {
      return await withinTime(this.#timeoutMs, connecting.then(work));
    } catch (error) {
      if (this.#admin === connecting) this.#admin = undefined;
      void connecting.then(async (admin) => admin.disconnect()).catch(() => undefined);
      throw codedKafkaError(error);
    }
  }

  async close(): Promise<void> {
    await saidGoodbye(this.#admin?.then(async (admin) => admin.disconnect()));
    this.#admin = undefined;
  }

  async #connect(): Promise<Admin> {
    const admin = this.#kafka.admin({ retry: { ...RETRY, retries: 4 } });
    await admin.connect();
    return admin;
  }
}

/** @throws CodedError `messaging/unavailable`; `work` goes on, and nobody waits for it */
export async function withinTime<T>(timeoutMs: number, work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(messagingError('messaging/unavailable', 'the broker did not answer in time', { timeoutMs })), timeoutMs);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}

const GOODBYE_MS = 5_000;

/** Waits for a connection to be closed in order, but not for a broker that is gone. Never throws. */
export const saidGoodbye = async (work: Promise<unknown> | undefined): Promise<void> => {
  if (work !== undefined) await withinTime(GOODBYE_MS, work).catch(() => undefined);
};

/** Under a code of the port. The broker's own text stays here. */
export function codedKafkaError(error: unknown): Error {
  if (isCodedError(error)) return error;
  const type = protocolTypeOf(error);
  return messagingError(CODES[type] ?? 'messaging/unavailable', 'the broker does not take it', { type });
}

const CODES: Readonly<Record<string, MessagingErrorCode>> = {
  UNKNOWN_TOPIC_OR_PARTITION: 'messaging/unknown-topic',
  MESSAGE_TOO_LARGE: 'messaging/too-large',
  RECORD_LIST_TOO_LARGE: 'messaging/too-large',
  TOPIC_AUTHORIZATION_FAILED: 'messaging/forbidden',
  GROUP_AUTHORIZATION_FAILED: 'messaging/forbidden',
  CLUSTER_AUTHORIZATION_FAILED: 'messaging/forbidden',
  KafkaJSSASLAuthenticationError: 'messaging/forbidden',
};

/** The protocol's name of an error (`TOPIC_AUTHORIZATION_FAILED`), or the class of one that has none, at the bottom of its causes. */
function protocolTypeOf(error: unknown): string {
  if (!(error instanceof Error)) return 'unknown';
  const type: unknown = Reflect.get(error, 'type');
  if (typeof type === 'string') return type;
  const parts: unknown = Reflect.get(error, 'errors');
  const inner: unknown = Array.isArray(parts) && parts.length > 0 ? parts[0] : error.cause;
  return inner instanceof Error && inner !== error ? protocolTypeOf(inner) : error.name;
}
