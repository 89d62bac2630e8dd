import type { DynamicModule, ModuleMetadata } from '@nestjs/common';
import { Health } from './health.js';
import { ServiceLog } from './log.js';
import { ServiceMetrics } from './metrics.js';
import type { ServiceOptions } from './service-port.js';
import { Shutdown } from './shutdown.js';

/** Injects the service's `Clock`: `@Inject(CLOCK) clock: Clock`. */
export const CLOCK = Symbol('medveil:clock');
/** Injects the service's `RandomBytes`. */
export const RANDOM_BYTES = Symbol('medveil:random-bytes');

/** A Nest module made of its parts, where a class with nothing in it would only carry a decorator. */
export function defineModule(name: string, parts: ModuleMetadata & { readonly global?: boolean }): DynamicModule {
  class DefinedModule {
    readonly moduleName = name;
  }
  return { module: DefinedModule, ...parts };
}

/** The service's module under what the kit lends to all its parts. */
export function rootModule(options: ServiceOptions, shutdown: Shutdown): DynamicModule {
  const providers = [
    { provide: ServiceLog, useValue: options.log },
    { provide: ServiceMetrics, useValue: options.metrics },
    { provide: Health, useValue: options.health },
    { provide: Shutdown, useValue: shutdown },
    { provide: CLOCK, useValue: options.clock },
    { provide: RANDOM_BYTES, useValue: options.random },
  ];
  const kit = defineModule('kit', { global: true, providers, exports: providers });
  return defineModule(options.name, { imports: [kit, options.module] });
}
