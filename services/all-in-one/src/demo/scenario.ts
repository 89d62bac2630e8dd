import { randomUUID } from 'node:crypto';
import { ApiError, type patientApi, type researchApi } from '@medveil/client';
import { CodedError, type Id } from '@medveil/encoding';
import type { BundleFile } from './bundles.js';
import { type Clients, until } from './clients.js';
import type { Narrator } from './narrator.js';
import type { PlannedRequirement } from './studies.js';

export const DAY_MS = 86_400_000;
const DEPOSIT = 100_000;
/** Long enough for a slow machine; what takes longer is a failure that is told. */
const STEP_TIMEOUT_MS = 300_000;
const WAIT_MS = 2_000;
const INSTITUTIONS = [
  { name: 'Institute of Metabolic Research', enrolmentId: 'institution-0' },
  { name: 'Respiratory Health Centre', enrolmentId: 'institution-1' },
] as const;

export interface Participant {
  readonly patientId: Id<'pat'>;
  readonly recordId: Id<'rec'>;
  readonly bundle: BundleFile;
  readonly report: patientApi.ImportedRecord;
}

export interface OpenRequirement extends PlannedRequirement {
  readonly requirementId: Id<'req'>;
  readonly institutionId: Id<'ins'>;
}

/** Phase 3: institutions enrol with one-time tokens; the consortium's vote pins them; the treasury credits their deposits. */
export async function enrolInstitutions(
  { pkg, contract, research }: Clients,
  out: Narrator,
  institutions: readonly { readonly name: string; readonly enrolmentId: string }[] = INSTITUTIONS,
): Promise<researchApi.Institution[]> {
  return Promise.all(institutions.map(async ({ name, enrolmentId }) => {
    const { token } = await pkg.createEnrolmentToken('institution', enrolmentId);
    const { institutionId } = await research.createInstitution({ name, enrolment: { enrolmentId, token } }, randomUUID());
    const pinned = await until(`${name} pinned by the consortium`, () => research.institution(institutionId, WAIT_MS), ({ status }) => status === 'pinned' || status === 'refused', STEP_TIMEOUT_MS);
    if (pinned.status === 'refused') throw new CodedError(pinned.code ?? 'demo/refused', `${name} was refused`);
    await contract.deposit({ account: pinned.account, amount: DEPOSIT, reference: `deposit of ${enrolmentId}` }, randomUUID());
    const funded = await until(`${name}'s deposit`, () => research.institution(institutionId), ({ balance }) => balance === DEPOSIT, STEP_TIMEOUT_MS);
    out.say(`${name}: ${funded.account.slice(0, 16)}…, pinned by vote, ${funded.balance} credits`);
    return funded;
  }));
}

/** Phase 2: policy, sample proof π′ and escrow, all recorded. */
export async function releaseRequirements(
  { research }: Clients,
  institutions: readonly researchApi.Institution[],
  planned: readonly PlannedRequirement[],
  { quantity, lifetimeMs }: { readonly quantity: number; readonly lifetimeMs: number },
  out: Narrator,
): Promise<OpenRequirement[]> {
  return Promise.all(planned.map(async (requirement) => {
    const institution = institutions[requirement.institution];
    if (institution === undefined) throw new Error('no such institution');
    const { institutionId } = institution;
    const { title, keywords, policy, parts, format, licence } = requirement.study;
    const { jobId } = await research.createRequirement(institutionId, {
      title,
      keywords: [...keywords],
      policy,
      parts: [...parts],
      format: { profile: format.profile, resourceTypes: [...format.resourceTypes] },
      licence: { kind: requirement.kind, purposes: [...licence.purposes], purposeNote: licence.purposeNote, untilMs: Date.now() + 365 * DAY_MS },
      reward: requirement.reward,
      quantity,
      expiresAtMs: Date.now() + lifetimeMs,
    }, randomUUID());
    const status = await until(`"${title}" open`, () => research.requirement(institutionId, jobId, WAIT_MS), ({ status: now }) => now === 'open' || now === 'refused', STEP_TIMEOUT_MS);
    if (status.requirementId === null || status.status === 'refused') throw new CodedError(status.code ?? 'demo/refused', status.reason ?? 'the requirement was refused');
    out.say(`${institution.name}: "${title}", ${requirement.kind}, ${requirement.reward} credits a record, parts: ${parts.join(', ')} (${requirement.purpose})`);
    return { ...requirement, requirementId: status.requirementId, institutionId };
  }));
}

/** Phases 3 and 4: a patient enrols under pseudonyms; the bundle becomes de-identified parts and observations in the agent. */
export async function importPatients({ patient }: Clients, bundles: readonly BundleFile[], out: Narrator): Promise<Participant[]> {
  const participants: Participant[] = [];
  for (const [index, bundle] of bundles.entries()) {
    const { patientId } = await patient.createPatient(`patient ${index + 1}`, randomUUID());
    try {
      const report = await patient.importRecord(patientId, bundle.bytes, randomUUID());
      participants.push({ patientId, recordId: report.recordId, bundle, report });
      const codes = report.notUnderstood.map(({ code, reason, count }) => `${code} ×${count} (${reason})`);
      out.say(`${bundle.name}: ${report.understood} facts understood, ${report.observations} observations${codes.length === 0 ? '' : `; not understood: ${codes.join(', ')}`}`);
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      out.say(`${bundle.name}: left out, ${error.code}: ${error.message}`);
    }
  }
  return participants;
}

/** Phase 5, the local part: whom do the open requirements suit? Nothing of this leaves the agent. */
export async function matchAll({ patient }: Clients, participants: readonly Participant[], open: readonly OpenRequirement[]): Promise<Map<Participant, patientApi.Match[]>> {
  const matches = new Map<Participant, patientApi.Match[]>();
  for (const participant of participants) {
    const { items } = await until(
      'the open requirements at the agent',
      () => patient.matches(participant.patientId),
      (answer) => open.every(({ requirementId }) => answer.items.some((item) => item.requirementId === requirementId)),
      STEP_TIMEOUT_MS,
    );
    matches.set(participant, items.filter(({ recordId }) => recordId === participant.recordId));
  }
  return matches;
}

const ENDED: ReadonlySet<patientApi.ExchangePhase> = new Set(['settled', 'rejected', 'failed', 'lapsed', 'withdrawn', 'refunded']);

/** Phases 4 to 10 of one exchange, as the patient's consent starts them. */
export async function exchange(
  { patient }: Clients,
  participant: Participant,
  requirementId: Id<'req'>,
  acknowledgeConflicts: boolean,
  onPhase: (phase: string) => void,
): Promise<patientApi.Exchange> {
  const { exchangeId } = await patient.startExchange(participant.patientId, { requirementId, recordId: participant.recordId, acknowledgeConflicts }, randomUUID());
  let seen = '';
  return until(
    'the end of an exchange',
    async () => {
      const now = await patient.exchange(exchangeId, WAIT_MS);
      if (now.phase !== seen) onPhase(now.phase);
      seen = now.phase;
      return now;
    },
    ({ phase }) => ENDED.has(phase),
    STEP_TIMEOUT_MS,
  );
}
