import type { LoggerService } from '@nestjs/common';
import type { ServiceLog } from './log.js';

/**
 * What Nest itself has to say. Its logger is one per process (the service that started last has it) and its texts may quote data: only that
 * something was said, and by which part, is logged.
 */
export class FrameworkLog implements LoggerService {
  readonly #log: ServiceLog;

  constructor(log: ServiceLog) {
    this.#log = log;
  }

  log(): void {}

  warn(_message: unknown, ...rest: unknown[]): void {
    this.#log.warn('framework-warning', { component: componentOf(rest) });
  }

  error(message: unknown, ...rest: unknown[]): void {
    this.#log.error('framework-error', message, { component: componentOf(rest) });
  }
}

const componentOf = (rest: readonly unknown[]): string => {
  const last = rest.at(-1);
  return typeof last === 'string' && /^\w{1,60}$/.test(last) ? last : 'Nest';
};
