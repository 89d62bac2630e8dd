import { Piscina } from 'piscina';
import { eligibilityError } from '../errors.js';

export interface PoolOptions {
  /** Worker threads; started when there is work, ended after a minute without. */
  readonly threads: number;
  /** Proofs that may wait while as many as there are threads are under way; more are refused with `eligibility/prover-busy`. Default 100. */
  readonly maxQueue?: number;
  /** Heap of a thread in megabytes, default 1024; the WebAssembly memory comes on top. */
  readonly maxHeapMb?: number;
}

/**
 * Worker threads for proofs: as many under way as there are threads, a bounded number waiting, and no thread left behind.
 * Failures are in this library's codes; a thread's own error could quote its task and is left out.
 */
export class ProvingPool<Task, Outcome> {
  private readonly pool: Piscina<Task, Outcome>;
  private readonly waiting: (() => void)[] = [];
  private readonly closing = new AbortController();
  private underWay = 0;

  constructor(
    worker: URL,
    private readonly options: PoolOptions,
    workerData: Readonly<Record<string, string>> = {},
  ) {
    this.pool = new Piscina<Task, Outcome>({
      filename: worker.href,
      minThreads: 0,
      maxThreads: options.threads,
      idleTimeout: 60_000,
      workerData,
      resourceLimits: { maxOldGenerationSizeMb: options.maxHeapMb ?? 1024 },
    });
  }

  /** Threads that a proof about to start may use: its share while others are under way. */
  get share(): number {
    return Math.max(1, Math.floor(this.options.threads / Math.max(1, this.underWay + this.waiting.length)));
  }

  /**
   * Makes one proof when its turn comes. `work` runs its tasks with the function it is given; `stop` ends them and whatever else it began.
   * @throws CodedError `eligibility/prover-busy`, `eligibility/prover-cancelled`, `eligibility/prover-closed`, `eligibility/prover-failed`
   */
  async proof<T>(signal: AbortSignal | undefined, work: (run: (task: Task) => Promise<Outcome>, stop: AbortSignal) => Promise<T>): Promise<T> {
    const { threads, maxQueue = 100 } = this.options;
    if (this.closing.signal.aborted) throw this.refusal();
    if (this.waiting.length >= maxQueue) throw eligibilityError('eligibility/prover-busy', 'too many proofs are waiting', { limit: threads + maxQueue });
    const failed = new AbortController();
    const stop = AbortSignal.any([failed.signal, this.closing.signal, ...(signal === undefined ? [] : [signal])]);
    if (stop.aborted || !(await this.turn(stop))) throw this.refusal(signal);
    try {
      return await work((task) => this.run(task, stop, signal), stop);
    } catch (error) {
      throw stop.aborted ? this.refusal(signal) : error;
    } finally {
      failed.abort();
      // the place goes to the next, if anyone waits for it
      const next = this.waiting.shift();
      if (next === undefined) this.underWay -= 1;
      else next();
    }
  }

  /** Waits for a place. @returns false where the proof was cancelled meanwhile */
  private async turn(stop: AbortSignal): Promise<boolean> {
    if (this.underWay < this.options.threads) {
      this.underWay += 1;
      return true;
    }
    return new Promise((resolve) => {
      const leave = () => {
        this.waiting.splice(this.waiting.indexOf(go), 1);
        resolve(false);
      };
      const go = () => {
        stop.removeEventListener('abort', leave);
        resolve(true);
      };
      this.waiting.push(go);
      stop.addEventListener('abort', leave, { once: true });
    });
  }

  private async run(task: Task, stop: AbortSignal, signal?: AbortSignal): Promise<Outcome> {
    try {
      return await this.pool.run(task, { signal: stop });
    } catch {
      throw this.refusal(signal);
    }
  }

  private refusal(signal?: AbortSignal) {
    if (this.closing.signal.aborted) return eligibilityError('eligibility/prover-closed', 'the prover was closed before the proof was made');
    if (signal?.aborted === true) return eligibilityError('eligibility/prover-cancelled', 'the proof was cancelled');
    return eligibilityError('eligibility/prover-failed', 'the proving thread failed', { stage: 'thread' });
  }

  async close(): Promise<void> {
    this.closing.abort();
    await this.pool.destroy();
  }
}
