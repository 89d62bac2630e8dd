import type { OnProgress } from './curve.js';

const REPORT_MS = 2_000;

/** Lines for a terminal or a log: each new step at once, its share and the time left every two seconds. */
export function progressLines(write: (line: string) => void, nowMs: () => number): OnProgress {
  let [step, startedMs, reportedMs] = ['', 0, 0];
  return (next, done) => {
    const now = nowMs();
    if (next !== step) {
      [step, startedMs, reportedMs] = [next, now, now];
      write(next);
      return;
    }
    if (done === undefined || done <= 0 || now - reportedMs < REPORT_MS) return;
    reportedMs = now;
    const leftSeconds = Math.ceil(((now - startedMs) * (1 - done)) / done / 1000);
    write(`${step}: ${Math.floor(done * 100)} %, about ${leftSeconds} s left`);
  };
}
