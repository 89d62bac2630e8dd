/** What an outside program does with a running system: an institution with an open requirement, and exchanges with it. */
import { ContractClient, HttpClient, PatientApiClient, PkgClient, ResearchApiClient } from '../../libs/client/dist/index.js';
import { bundleOf } from './studies.mjs';

const DAY_MS = 86_400_000;
const REWARD = 7;
const WAIT_MS = 5_000;
const STEP_TIMEOUT_MS = 600_000;
const ENDED = new Set(['settled', 'rejected', 'failed', 'lapsed', 'withdrawn', 'refunded']);
/** Phases in the order in which an exchange reaches them. */
export const PHASES = ['prepared', 'uploaded', 'registered', 'proved', 'claimed', 'granted', 'delivered', 'settled'];
const sleep = (ms) => new Promise((resolve) => { setTimeout(resolve, ms); });

export function connect({ urls, token }) {
  const http = (service) => new HttpClient({ baseUrl: urls[service], token: () => token });
  return {
    pkg: new PkgClient(http('pkg')), contract: new ContractClient(http('contract')),
    patient: new PatientApiClient(http('patient-api')), research: new ResearchApiClient(http('research-api')),
  };
}

/** An institution, enrolled, pinned and funded, releases a requirement with so many places. @returns its id */
export async function openRequirement({ pkg, contract, research, patient }, study, places) {
  const enrolmentId = `institution-${process.pid}`;
  const { token } = await pkg.createEnrolmentToken('institution', enrolmentId);
  const { institutionId } = await research.createInstitution({ name: 'Institute of Measurement', enrolment: { enrolmentId, token } });
  const pinned = await until('the institution pinned', () => research.institution(institutionId, WAIT_MS), ({ status }) => status === 'pinned');
  const amount = REWARD * places * 2;
  await contract.deposit({ account: pinned.account, amount, reference: `deposit of ${enrolmentId}` });
  await until('the deposit', () => research.institution(institutionId), ({ balance }) => balance === amount);
  const { jobId } = await research.createRequirement(institutionId, {
    title: study.title, keywords: [], policy: study.policy, parts: ['laboratory', 'vital-signs'], format: { resourceTypes: ['Observation'] },
    licence: { kind: 'non-exclusive', purposes: ['DUO:0000042'], purposeNote: 'a benchmark', untilMs: Date.now() + 365 * DAY_MS },
    reward: REWARD, quantity: places, expiresAtMs: Date.now() + 30 * DAY_MS,
  });
  const { requirementId } = await until('the requirement open', () => research.requirement(institutionId, jobId, WAIT_MS), ({ status }) => status === 'open');
  const { patientId } = await patient.createPatient('who looks whether the policy has come');
  await patient.importRecord(patientId, bundleOf(study.observations, 0, Date.now()));
  await until('the policy at the agent', () => patient.matches(patientId), ({ items }) => items.some((item) => item.requirementId === requirementId && item.matches));
  return requirementId;
}

/**
 * One exchange, from the FHIR bundle handed to the agent until the patient is paid.
 * @returns {totalMs, phases}: how long each phase took, the import first
 */
export async function measureExchange({ patient }, { patientId, requirementId, study, number }) {
  const bundle = bundleOf(study.observations, number, Date.now());
  const startedAt = Date.now();
  const { recordId } = await patient.importRecord(patientId, bundle);
  const { exchangeId } = await patient.startExchange(patientId, { requirementId, recordId });
  const ended = await until('the end of an exchange', () => patient.exchange(exchangeId, WAIT_MS), ({ phase }) => ENDED.has(phase));
  if (ended.phase !== 'settled') throw new Error(`an exchange ended ${ended.phase}: ${ended.code} ${ended.reason}`);
  const times = [['imported', ended.startedAtMs], ...PHASES.map((phase) => [phase, ended.phases[phase]])].filter(([, at]) => at !== undefined);
  let before = startedAt;
  const phases = {};
  for (const [phase, at] of times) {
    phases[phase] = at - before;
    before = at;
  }
  return { totalMs: ended.phases.settled - startedAt, phases };
}

async function until(what, ask, wanted) {
  const deadline = performance.now() + STEP_TIMEOUT_MS;
  for (;;) {
    const answer = await ask();
    if (wanted(answer)) return answer;
    if (performance.now() > deadline) throw new Error(`${what}: not within ${STEP_TIMEOUT_MS / 1000} s: ${JSON.stringify(answer)}`);
    await sleep(50);
  }
}
