import { ApiError, type patientApi, type researchApi } from '@medveil/client';
import type { SystemUrls } from '../system.js';
import type { BundleFile } from './bundles.js';
import { type Clients, connect } from './clients.js';
import { HistoryReader } from './history.js';
import type { Narrator } from './narrator.js';
import { DAY_MS, enrolInstitutions, exchange, importPatients, matchAll, type OpenRequirement, type Participant, releaseRequirements } from './scenario.js';
import type { PlannedRequirement } from './studies.js';
import { replicasAgree, type Settled, verifyDelivery } from './verify.js';

export interface DemoResult {
  readonly patients: number;
  readonly institutions: number;
  readonly requirements: number;
  readonly claims_accepted: number;
  readonly claims_rejected: number;
  readonly settled: number;
  readonly decrypted_and_matched: number;
  readonly exclusive_refused: boolean;
  readonly ledger_height: number;
  readonly replicas_agree: boolean;
  readonly state_root: string;
  readonly credits_conserved: boolean;
}

/** The ten phases over HTTP, with every claim that is made checked. */
export async function runDemo(urls: SystemUrls, token: string, bundles: readonly BundleFile[], planned: readonly PlannedRequirement[], out: Narrator): Promise<DemoResult> {
  const clients = connect(urls, token);
  const history = new HistoryReader((await clients.contract.genesis()).genesis, clients.contract);
  await history.start();
  try {
    out.chapter('Institutions enrol (phase 3)');
    const institutions = await enrolInstitutions(clients, out);
    out.chapter('Patients enrol, their FHIR bundles are de-identified, understood, attested by the hospital (phases 3 and 4)');
    const participants = await importPatients(clients, bundles, out);
    out.chapter('Requirements are released: a proof on a sample of the institution’s own, escrow, the policy behind a hash (phase 2)');
    const open = await releaseRequirements(clients, institutions, planned, { quantity: Math.max(participants.length, 1), lifetimeMs: 30 * DAY_MS }, out);
    const sales = await sell(clients, participants, open, out);
    return await account(clients, history, { institutions, participants, open, ...sales }, out);
  } finally {
    await history.stop();
  }
}

interface Sales {
  readonly settled: readonly Settled[];
  readonly replay: patientApi.Exchange | null;
  readonly second: patientApi.Exchange | null;
}

async function sell(clients: Clients, participants: readonly Participant[], open: readonly OpenRequirement[], out: Narrator): Promise<Sales> {
  out.chapter('Each patient’s agent evaluates every open policy locally (phase 6, before any proof)');
  const matches = await matchAll(clients, participants, open);
  const suits = (participant: Participant, { requirementId }: OpenRequirement): boolean =>
    matches.get(participant)?.some((match) => match.requirementId === requirementId && match.matches) ?? false;
  for (const participant of participants) {
    const suited = open.filter((requirement) => suits(participant, requirement)).map(({ study }) => study.id);
    out.say(`${participant.bundle.name}: ${suited.length === 0 ? 'meets none' : `meets ${[...new Set(suited)].join(', ')}`}`);
  }
  const [exclusive, other, rival] = open;
  if (exclusive === undefined || other === undefined || rival === undefined) throw new Error('the plan has three requirements');
  await refuseLocally(clients, participants, matches, exclusive, out);

  out.chapter('Exchanges: encrypt, register, prove, claim, re-encrypt, decrypt, confirm, pay (phases 4 to 10)');
  const first = await exchangeAll(clients, participants.filter((participant) => suits(participant, exclusive)), exclusive, out);
  const more = await exchangeAll(clients, participants.filter((participant) => suits(participant, other)), other, out);

  out.chapter('What must be refused');
  const seller = first[0]?.participant;
  const attempt = (requirement: OpenRequirement) =>
    seller === undefined ? null : exchange(clients, seller, requirement.requirementId, true, (phase) => out.progress(`${seller.bundle.name} → ${phase}`));
  const [replay, second] = await Promise.all([attempt(exclusive), attempt(rival)]);
  out.check(`the same person claims again under a fresh pseudonym: ${replay?.code ?? 'nobody could try'}`, replay?.phase === 'rejected' && replay.code === 'agreements/nullifier-spent');
  out.check(`a second sale under the exclusive licence: ${second?.code ?? 'nobody could try'}`, second?.phase === 'rejected' && second.code === 'agreements/exclusive-licence-in-force');
  return { settled: [...first, ...more], replay, second };
}

/** Who does not meet the policy is told why by their own agent, and no proof is made. */
async function refuseLocally(
  { patient }: Clients,
  participants: readonly Participant[],
  matches: ReadonlyMap<Participant, readonly patientApi.Match[]>,
  requirement: OpenRequirement,
  out: Narrator,
): Promise<void> {
  const outsider = participants.find((candidate) => matches.get(candidate)?.some(({ requirementId, matches: suits }) => requirementId === requirement.requirementId && !suits));
  if (outsider === undefined) return;
  const request = { requirementId: requirement.requirementId, recordId: outsider.recordId };
  const refusal = await patient.startExchange(outsider.patientId, request).then(() => null, (error: unknown) => error);
  const why = matches.get(outsider)?.find(({ requirementId }) => requirementId === requirement.requirementId)?.clauses.find(({ matched }) => !matched);
  out.check(
    `${outsider.bundle.name} cannot claim "${requirement.study.title}": ${why === undefined ? '' : `${why.clause}: ${why.reason}`}`,
    refusal instanceof ApiError && refusal.code === 'patient-api/does-not-match',
  );
}

async function exchangeAll(clients: Clients, participants: readonly Participant[], requirement: OpenRequirement, out: Narrator): Promise<Settled[]> {
  let left = participants.length;
  const settled = await Promise.all(participants.map(async (participant): Promise<Settled | null> => {
    try {
      const ended = await exchange(clients, participant, requirement.requirementId, false, (phase) => out.progress(`${participant.bundle.name} → ${phase}`));
      left -= 1;
      out.check(`${participant.bundle.name} sold to "${requirement.study.title}" (${left} under way): ${ended.phase}${ended.code === null ? '' : ` ${ended.code}`}`, ended.phase === 'settled');
      return ended.phase === 'settled' ? { participant, requirement, exchange: ended } : null;
    } catch (error) {
      left -= 1;
      if (!(error instanceof ApiError) || error.code !== 'patient-api/conflict') throw error;
      out.say(`${participant.bundle.name}: its agent advises against "${requirement.study.title}": ${error.message}`);
      return null;
    }
  }));
  return settled.filter((entry) => entry !== null);
}

async function account(
  clients: Clients,
  history: HistoryReader,
  facts: Sales & { readonly institutions: readonly researchApi.Institution[]; readonly participants: readonly Participant[]; readonly open: readonly OpenRequirement[] },
  out: Narrator,
): Promise<DemoResult> {
  const { settled, participants, institutions, open, replay, second } = facts;
  out.chapter('What the institutions hold (phase 9)');
  let matched = 0;
  for (const sale of settled) if (await verifyDelivery(clients, sale, out)) matched += 1;

  out.chapter('The account, from the genesis document alone (phase 10)');
  const replicas = await replicasAgree(clients);
  // The last block's own receipts are proved by a block that does not exist yet; it is the empty one that closes the chain.
  const proved = await history.upTo(replicas.height - 1);
  const totals = await clients.contract.totals();
  const earned = await Promise.all(participants.map(async ({ patientId }) => (await clients.patient.earnings(patientId)).credits));
  const refused = [replay, second].filter((ended) => ended?.phase === 'rejected').length;
  out.check(`${proved.blocks} blocks verified; ${proved.claimsAccepted} claims accepted, ${proved.settled} settled, ${proved.claimsRejected.length} rejected (${proved.claimsRejected.join(', ')})`,
    proved.claimsAccepted === settled.length && proved.settled === settled.length && proved.claimsRejected.length === refused && refused === 2);
  out.check('something was sold, and everything that was sold was decrypted and matched', settled.length > 0 && matched === settled.length);
  out.check(`the patients earned ${proved.paid} credits`, earned.reduce((sum, credits) => sum + credits, 0) === proved.paid && proved.paid > 0);
  out.check(`credits are conserved: ${totals.minted} minted = ${totals.balances} in accounts + ${totals.held} held + ${totals.vouchers} in vouchers`, totals.conserved && replicas.conserved);
  out.check(`four replicas agree at height ${replicas.height}, state ${replicas.stateRoot.slice(0, 16)}…`, replicas.agree);
  return {
    patients: participants.length,
    institutions: institutions.length,
    requirements: open.length,
    claims_accepted: proved.claimsAccepted,
    claims_rejected: proved.claimsRejected.length,
    settled: proved.settled,
    decrypted_and_matched: matched,
    exclusive_refused: second?.code === 'agreements/exclusive-licence-in-force',
    ledger_height: replicas.height,
    replicas_agree: replicas.agree,
    state_root: replicas.stateRoot,
    credits_conserved: totals.conserved && replicas.conserved,
  };
}
