import { type DeliveryFaultCode, ResearchApiError } from '../errors.js';
import type { Check } from '../tables.js';

/** The named checks of one delivery, in order, up to the first that fails. */
export class CheckLog {
  readonly #checks: Check[] = [];

  get checks(): Check[] {
    return [...this.#checks];
  }

  passed(check: string, detail: string): void {
    this.#checks.push({ check, ok: true, detail });
  }

  /** @throws ResearchApiError with `code` unless `ok`; either way the check is on record */
  require(ok: boolean, code: DeliveryFaultCode, check: string, detail: string): asserts ok {
    this.#checks.push({ check, ok, detail });
    if (!ok) throw new ResearchApiError(code, `${check}: what was delivered is not what was proved`);
  }
}
