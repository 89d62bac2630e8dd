import { randomBytes, randomInt } from 'node:crypto';
import { EXAMPLE_STUDIES } from '@medveil/fhir';
import { isCodedError } from '@medveil/encoding';
import { type BundleFile, syntheticBundles } from '../demo/bundles.js';
import type { Clients } from '../demo/clients.js';
import type { Narrator } from '../demo/narrator.js';
import { DAY_MS, enrolInstitutions, exchange, importPatients, matchAll, type OpenRequirement, releaseRequirements } from '../demo/scenario.js';
import { replicasAgree, verifyDelivery } from '../demo/verify.js';

export interface Exchanges {
  readonly settled: number;
  /** what became of the others: phase, code, or error */
  readonly failed: readonly string[];
  /** of the slowest, from the patient's enrolment to the institution's check, seconds */
  readonly slowestSeconds: number;
}

const STUDY = 'diabetes-hba1c';
const REWARD = 10;
/** Of the synthetic patients the second of every five meets the study. */
const [EVERY, MATCHING] = [5, 1];
const MOST_EXCHANGES = 2_000;
/** of the generator, 2^32: another one each time, so that each run has patients of its own */
const SEEDS = 2 ** 32;

export interface Load {
  /** begins exchanges for so long; 0: one of each worker */
  readonly forMs: number;
  readonly parallel: number;
  /** aborted where none is to be begun any more, though the time is not over */
  readonly enough: AbortSignal;
}

/** An institution of this run's own asks; patients of this run's own sell, each once, until the time is over. */
export async function runExchanges(clients: Clients, { forMs, parallel, enough }: Load, out: Narrator): Promise<Exchanges> {
  out.chapter('An institution enrols and releases a requirement');
  const requirement = await open(clients, out);
  out.chapter(forMs === 0 ? `Patients: ${parallel}` : `Patients: ${parallel} at a time, for ${forMs / 1_000} s`);
  const bundles = matchingBundles(forMs === 0 ? parallel : MOST_EXCHANGES);
  const untilMs = performance.now() + forMs;
  const isOver = (): boolean => enough.aborted || performance.now() >= untilMs;
  const failed: string[] = [];
  let settled = 0;
  let slowestMs = 0;
  const worker = async (): Promise<void> => {
    do {
      const bundle = bundles.next().value;
      if (bundle === undefined) return;
      const beganMs = performance.now();
      const problem = await one(clients, requirement, bundle, out);
      slowestMs = Math.max(slowestMs, performance.now() - beganMs);
      if (problem === null) settled += 1;
      else failed.push(problem);
    } while (!isOver());
  };
  await Promise.all(Array.from({ length: parallel }, worker));
  const totals = await clients.contract.totals();
  out.check('credits are conserved', totals.conserved);
  if (clients.nodes.length > 0) out.check('the replicas agree', (await replicasAgree(clients)).agree);
  return { settled, failed, slowestSeconds: Number((slowestMs / 1_000).toFixed(1)) };
}

async function open(clients: Clients, out: Narrator): Promise<OpenRequirement> {
  const study = EXAMPLE_STUDIES.find(({ id }) => id === STUDY);
  if (study === undefined) throw new Error(`no example study ${STUDY}`);
  const institutions = await enrolInstitutions(clients, out, [{ name: 'A test\'s institution', enrolmentId: `test-${randomBytes(6).toString('hex')}` }]);
  const planned = { institution: 0, study, kind: 'non-exclusive', reward: REWARD, purpose: 'a test' } as const;
  const [requirement] = await releaseRequirements(clients, institutions, [planned], { quantity: MOST_EXCHANGES, lifetimeMs: DAY_MS }, out);
  if (requirement === undefined) throw new Error('no requirement was released');
  return requirement;
}

function* matchingBundles(count: number): Generator<BundleFile, undefined> {
  const seed = randomInt(SEEDS);
  const referenceTimeMs = Date.now();
  for (let index = 0; index < count; index += 1) {
    const bundle = syntheticBundles(EVERY, referenceTimeMs, (seed + index) % SEEDS)[MATCHING];
    if (bundle !== undefined) yield { ...bundle, name: `patient ${index + 1}` };
  }
  return undefined;
}

/** @returns null where the exchange was settled and the delivery is what was proved */
async function one(clients: Clients, requirement: OpenRequirement, bundle: BundleFile, out: Narrator): Promise<string | null> {
  try {
    const [participant] = await importPatients(clients, [bundle], out);
    if (participant === undefined) return `${bundle.name}: not taken in`;
    await matchAll(clients, [participant], [requirement]);
    const ended = await exchange(clients, participant, requirement.requirementId, false, (phase) => out.progress(`${bundle.name} → ${phase}`));
    if (ended.phase !== 'settled') return `${bundle.name}: ${ended.phase} ${ended.code ?? ''}`;
    return (await verifyDelivery(clients, { participant, requirement, exchange: ended }, out)) ? null : `${bundle.name}: the delivery is not what was proved`;
  } catch (error) {
    return `${bundle.name}: ${isCodedError(error) ? `${error.code}: ${error.message}` : String(error)}`;
  }
}
