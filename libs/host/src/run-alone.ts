import { commonSettings, type ConfigDefinition, defineConfig, type ProcessLike, type RunningService, runMain } from '@medveil/service-kit';
import { z } from 'zod';
import type { Infrastructure } from './infrastructure.js';
import { infrastructureSettings, openInfrastructure, prepareStores, type Stores } from './open-infrastructure.js';

/** What a service's settings say about itself. */
type ServiceShape = typeof commonSettings & z.core.$ZodLooseShape;

/**
 * The whole of a service's `main.ts`: reads the configuration (the service's settings, and under `infrastructure` those of an
 * infrastructure for it alone), opens and starts both, closes both on SIGTERM or SIGINT. `main.js prepare` brings its stores up to date
 * instead, and ends.
 * @param stores what the service keeps; null: nothing outside its own folder
 */
export async function runAlone<Shape extends ServiceShape>(
  service: string,
  settings: z.ZodObject<Shape>,
  start: (settings: z.output<z.ZodObject<Shape>>, infrastructure: Infrastructure) => Promise<RunningService>,
  stores: ((settings: z.output<z.ZodObject<Shape>>) => Stores) | null,
  host: ProcessLike = process,
): Promise<void> {
  const definition: ConfigDefinition = defineConfig({ service, schema: settings.extend({ infrastructure: infrastructureSettings }) });
  await runMain(host, definition, async ({ infrastructure: given, ...rest }) => {
    const { logLevel } = z.object(commonSettings).parse(rest);
    const infrastructure = await openInfrastructure(infrastructureSettings.parse(given), service, logLevel);
    try {
      const running = await start(settings.parse(rest), infrastructure);
      return {
        close: async () => {
          try {
            await running.close();
          } finally {
            await infrastructure.close();
          }
        },
      };
    } catch (error) {
      await infrastructure.close();
      throw error;
    }
  }, stores === null ? {} : {
    prepare: async ({ infrastructure: given, ...rest }) => prepareStores(infrastructureSettings.parse(given), service, stores(settings.parse(rest))),
  });
}
