import { DeliveryError, type DeliveryFaultCode } from './errors.js';

/** One named step of the check of a delivery. */
export interface Check {
  readonly check: string;
  readonly ok: boolean;
  /** what was looked at, in numbers and names of the format; never a medical value */
  readonly detail: string;
}

/** The named checks of one delivery, in order, up to the first that fails. */
export class CheckLog {
  readonly #checks: Check[] = [];

  get checks(): Check[] {
    return [...this.#checks];
  }

  passed(check: string, detail: string): void {
    this.#checks.push({ check, ok: true, detail });
  }

  /** @throws DeliveryError with `code` unless `ok`; either way the check is on record */
  require(ok: boolean, code: DeliveryFaultCode, check: string, detail: string): asserts ok {
    this.#checks.push({ check, ok, detail });
    if (!ok) throw new DeliveryError(code, `${check}: what was delivered is not what was proved`);
  }
}
