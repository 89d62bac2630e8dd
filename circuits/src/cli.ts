import { Command } from 'commander';
import { DEFAULT_CACHE_DIR, ensureCircuits } from './ensure.js';
import { readInstances } from './instances.js';

const program = new Command('circuits').description('Compiles the eligibility circuits and makes development keys for them');

program
  .command('build')
  .description('makes what the cache lacks')
  .option('--instance <names...>', 'instances of circuits.json', ['everyday'])
  .option('--all', 'every instance')
  .option('--cache <folder>', 'where artefacts are kept', DEFAULT_CACHE_DIR)
  .option('--threads <n>', 'worker threads for key generation', (text) => Number.parseInt(text, 10))
  .action(async (options: { instance: string[]; all?: true; cache: string; threads?: number }) => {
    const artefacts = await ensureCircuits({
      cacheDir: options.cache,
      instances: options.all ? [...readInstances().keys()] : options.instance,
      ...(options.threads === undefined ? {} : { threads: options.threads }),
      onProgress: (line) => process.stderr.write(`${line}\n`),
    });
    for (const { instance, zkeyPath } of artefacts.values()) process.stdout.write(`${instance.name} ${zkeyPath}\n`);
  });

await program.parseAsync();
