/** Preloaded into a process (`node --import`): its clock is off by MEDVEIL_TEST_CLOCK_SHIFT_MS. */
const shiftMs = Number(process.env['MEDVEIL_TEST_CLOCK_SHIFT_MS'] ?? 0);
const TrueDate = Date;

class ShiftedDate extends TrueDate {
  constructor(...given: readonly unknown[]) {
    super(...((given.length === 0 ? [TrueDate.now() + shiftMs] : given) as [number]));
  }

  static override now(): number {
    return TrueDate.now() + shiftMs;
  }
}

globalThis.Date = ShiftedDate as DateConstructor;
