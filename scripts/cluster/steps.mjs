/** The steps of a test on a cluster: each has a deadline, tells how long it took, and passes or fails. */
const pause = (ms) => new Promise((resolve) => { setTimeout(resolve, ms); });

export class Steps {
  #passed = 0;
  #failed = 0;
  #diagnose = async () => '';

  /** @param tell what to show beside a failure */
  diagnoseBy(tell) {
    this.#diagnose = tell;
  }

  get counts() {
    return { passed: this.#passed, failed: this.#failed };
  }

  /**
   * Runs a step that later ones do not stand on.
   * @param run may return a text that is shown
   * @returns whether it passed
   */
  async run(label, deadlineSeconds, run) {
    const startedMs = performance.now();
    const seconds = () => `${((performance.now() - startedMs) / 1000).toFixed(1)} s`;
    try {
      const told = await withDeadline(run(), deadlineSeconds, label);
      this.#passed += 1;
      console.log(`  ✔ ${label} (${seconds()})${typeof told === 'string' ? `: ${told}` : ''}`);
      return true;
    } catch (error) {
      this.#failed += 1;
      console.log(`  ✖ ${label} (${seconds()}): ${error.message}`);
      console.log(await withDeadline(this.#diagnose(), 60, 'diagnosis').catch((cause) => cause.message));
      return false;
    }
  }

  /** As `run`, where nothing after it makes sense without it. @throws Error where it fails */
  async require(label, deadlineSeconds, run) {
    if (!(await this.run(label, deadlineSeconds, run))) throw new Stopped(label);
  }
}

/** A step that others stand on has failed; it has been told already. */
export class Stopped extends Error {}

async function withDeadline(work, seconds, label) {
  let timer;
  const late = new Promise((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error(`${label} takes longer than ${seconds} s`)), seconds * 1000);
  });
  return Promise.race([work, late]).finally(() => clearTimeout(timer));
}

/** Asks again and again. @returns what `attempt` gave, once that is not undefined; an error counts as not yet */
export async function eventually(what, seconds, attempt, everyMs = 1_000) {
  let last = new Error('it was never so');
  for (const deadlineMs = Date.now() + seconds * 1000; Date.now() < deadlineMs; await pause(everyMs)) {
    try {
      const value = await attempt();
      if (value !== undefined) return value;
    } catch (error) {
      last = error;
    }
  }
  throw new Error(`not within ${seconds} s: ${what} (${last.message})`, { cause: last });
}

export function ensure(isSo, message) {
  if (!isSo) throw new Error(message);
}
