export type SharedServerName = 'kafka' | 's3' | 'postgres' | 'redis';
export type ServerName = SharedServerName | 'prometheus';

export interface RunningServer {
  readonly name: ServerName;
  readonly pid: number;
  readonly folder: string;
  /** kafka: host:port; the others: a URL, with the credentials in it where there are some */
  readonly endpoint: string;
  /** s3: which program it is */
  readonly kind?: 'versitygw' | 'minio';
  /** kafka: the listener with TLS and SCRAM-SHA-512 */
  readonly secure?: { readonly endpoint: string; readonly caFile: string; readonly passwords: Readonly<Record<string, string>> };
  /** kafka: where the listener is that advertises `advertisedPort` */
  readonly proxied?: { readonly host: string; readonly port: number };
  signal(signal: NodeJS.Signals): void;
  /** Ends it at once; its data stays. */
  kill(): Promise<void>;
  /** Ends it in order; its data stays. */
  halt(): Promise<void>;
  /** Starts it again on its ports and its data. */
  restart(): Promise<void>;
  /** Ends it and deletes its data. */
  stop(): Promise<void>;
}

export interface StartOptions {
  /** s3 */
  readonly kind?: 'versitygw' | 'minio';
  /** redis: keep data on disk; default true */
  readonly persistent?: boolean;
  /** postgres: further settings, `name=value` */
  readonly settings?: readonly string[];
  /** kafka: users beside `admin` */
  readonly users?: readonly string[];
  /** kafka: a further listener that advertises this port */
  readonly advertisedPort?: number;
  /** prometheus: what it scrapes, host:port */
  readonly targets?: readonly string[];
  /** prometheus: files of rules that it evaluates */
  readonly rules?: readonly string[];
  /** prometheus: between two scrapes */
  readonly intervalMs?: number;
  /** goes on when this process ends; default false */
  readonly outlives?: boolean;
}

export const SERVERS: readonly SharedServerName[];
export function variableOf(name: SharedServerName): string;
export function installServer(name: ServerName): Promise<unknown>;
export function startServer(name: ServerName, options?: StartOptions): Promise<RunningServer>;
export function missingServers(names?: readonly SharedServerName[]): SharedServerName[];
/** Starts those that no variable names, and names them. @returns what stops them */
export function provideServers(names?: readonly SharedServerName[]): Promise<() => Promise<void>>;
/** @throws Error where `npm run test:real` has not named the server */
export function testEndpoint(name: SharedServerName): string;
