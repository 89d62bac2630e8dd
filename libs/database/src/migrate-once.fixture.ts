import { pathToFileURL } from 'node:url';
import { openEngineOn } from './postgres-testing.js';

/** Started by `postgres.int.spec.ts`, several at once: opens one schema with its migrations, and ends. */
const [url = '', schema = '', migrations = ''] = process.argv.slice(2);
const engine = openEngineOn(url);
await engine.open({ schema, migrations: pathToFileURL(migrations) });
await engine.close();
