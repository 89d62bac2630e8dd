/** A clock that stands still until it is moved. */
export function manualClock() {
  let nowMs = 1_700_000_000_000;
  return { clock: () => nowMs, advance: (ms: number) => { nowMs += ms; } };
}
