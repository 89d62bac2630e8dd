/**
 * Exchanges on a network that runs already: `helm test` lets it run inside the cluster. SIGTERM: no more are begun. The last line is JSON; exits
 * with 0 only if every check held.
 */
import { connect } from '../demo/clients.js';
import { Narrator } from '../demo/narrator.js';
import { runExchanges } from './exchanges.js';
import { readExchangeOptions } from './options.js';

/** Two minutes and more: a service that is being replaced comes back. */
const RETRIES = 30;

const { urls, token, forMs, parallel } = await readExchangeOptions(process.argv.slice(2));
const out = new Narrator();
const enough = new AbortController();
process.once('SIGTERM', () => enough.abort());
const result = await runExchanges(connect(urls, token, RETRIES), { forMs, parallel, enough: enough.signal }, out).catch((error: unknown) => ({ settled: 0, failed: [String(error)], slowestSeconds: 0 }));
const failed = [...result.failed, ...out.failed];
const ok = result.settled > 0 && failed.length === 0;
process.stdout.write(`${JSON.stringify({ ok, ...result, failed, seconds: Number(out.seconds().toFixed(1)) })}\n`);
process.exitCode = ok ? 0 : 1;
