/** Resolves where what is checked works; a rejection's `code` is shown, never its message. */
export type HealthCheck = () => Promise<void>;

export interface HealthReport {
  readonly ok: boolean;
  /** `ok`, `timeout`, or the failing check's error code */
  readonly checks: Readonly<Record<string, string>>;
}

/**
 * Whether the service is alive, ready for traffic, and started: served at /health/live, /health/ready and /health/started.
 * Ready means it: every registered dependency answered just now, start-up is over and shutdown has not begun.
 */
export class Health {
  readonly #checks = new Map<string, { check: HealthCheck; timeoutMs: number }>();
  #phase: 'starting' | 'started' | 'draining' = 'starting';

  /** @param name what is checked, for example `database`; a name is registered once */
  register(name: string, check: HealthCheck, timeoutMs = 2_000): void {
    if (this.#checks.has(name)) throw new Error(`health check ${name} is registered twice`);
    this.#checks.set(name, { check, timeoutMs });
  }

  get phase(): 'starting' | 'started' | 'draining' {
    return this.#phase;
  }

  markStarted(): void {
    if (this.#phase === 'starting') this.#phase = 'started';
  }

  /** Readiness goes down for good. */
  markDraining(): void {
    this.#phase = 'draining';
  }

  async ready(): Promise<HealthReport> {
    const entries = await Promise.all(
      [...this.#checks].map(async ([name, { check, timeoutMs }]) => [name, await outcome(check, timeoutMs)] as const),
    );
    const ok = this.#phase === 'started' && entries.every(([, result]) => result === 'ok');
    return { ok, checks: { phase: this.#phase, ...Object.fromEntries(entries) } };
  }
}

async function outcome(check: HealthCheck, timeoutMs: number): Promise<string> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<string>((resolve) => {
    timer = setTimeout(() => resolve('timeout'), timeoutMs);
  });
  try {
    return await Promise.race([check().then(() => 'ok'), late]);
  } catch (error) {
    const code: unknown = error instanceof Error && 'code' in error ? error.code : undefined;
    return typeof code === 'string' ? code : 'failed';
  } finally {
    clearTimeout(timer);
  }
}
