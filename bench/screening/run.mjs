/**
 * Cohort screening: npm run bench -- screening [--json FILE] [--records N] [--rounds N]
 * The indexes of N records of generated patients (200 different ones) against a study's policy, as the patient's agent does it, but
 * for the database and the seal: no tree and no proof.
 */
import { randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { compilePolicy, decodeIndex, encodeIndex, explain, PART_TYPES } from '@medveil/eligibility';
import { EXAMPLE_STUDIES, generatePatients, parseBundle, prepareRecord } from '@medveil/fhir';
import { machine, quantile, rounded, sample, table } from '../measure.mjs';
import { usage } from '../../scripts/usage.mjs';

usage();

const { values } = parseArgs({ options: { json: { type: 'string' }, records: { type: 'string', default: '10000' }, rounds: { type: 'string', default: '5' } } });
const records = Number(values.records);
const referenceTimeMs = Date.now();
const random = (length) => new Uint8Array(randomBytes(length));
const indexes = [...generatePatients({ seed: 1, count: Math.min(200, records), referenceTimeMs })].map((bundle) => {
  const { observations } = prepareRecord(parseBundle(new TextEncoder().encode(JSON.stringify(bundle))), { ruleSet: 'limited-data-set', random, referenceTimeMs });
  return encodeIndex(Object.fromEntries(PART_TYPES.map((part) => [part, observations.filter((one) => one.part === part)])), 'day');
});
const facts = { timeDay: Math.floor(referenceTimeMs / 86_400_000), selfAttested: false };

const rows = [];
for (const { title, policy: written } of EXAMPLE_STUDIES) {
  const policy = compilePolicy(written, { releasedAtMs: referenceTimeMs, random });
  let matching = 0;
  const run = () => {
    matching = 0;
    for (let i = 0; i < records; i += 1) if (explain(policy, decodeIndex(indexes[i % indexes.length]), facts).matched) matching += 1;
  };
  const op = { name: title, run };
  const { wall, cpu } = (await sample([op], Number(values.rounds))).get(op);
  rows.push({ study: title, records, matching, wall_ms: rounded(quantile(wall, 0.5), 0), cpu_ms: rounded(quantile(cpu, 0.5), 0) });
}
const bytes = Math.round(indexes.reduce((sum, index) => sum + index.length, 0) / indexes.length);
console.log(table(rows));
console.log(`\nmedians of ${values.rounds}; an index has ${bytes} bytes on average`);
if (values.json !== undefined) writeFileSync(values.json, `${JSON.stringify({ machine: machine(), index_bytes: bytes, rows }, null, 2)}\n`);
