/**
 * `helm template … | node helm/dist/check-rendered.js`: every service of the manifests would accept its configuration. Exits with 1 and one
 * line a problem where not.
 */
import { text } from 'node:stream/consumers';
import { configurationProblems } from './rendered-configuration.js';

const { checked, problems } = await configurationProblems(await text(process.stdin));
for (const problem of problems) process.stderr.write(`${problem}\n`);
process.stdout.write(`${checked} configurations, ${problems.length} problems\n`);
process.exitCode = checked === 0 || problems.length > 0 ? 1 : 0;
