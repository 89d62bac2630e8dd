import { KeyedQueue, type patientApi } from '@medveil/client';
import { type ConsentEvaluation, evaluateConsent, type HeldRule } from '@medveil/consent';
import type { Jobs } from '@medveil/database';
import { type Id, isCodedError } from '@medveil/encoding';
import type { AgentContext } from '../agent.js';
import type { ExchangeStarter } from '../exchanges/begin.js';
import { isOpen, type KnownRequirement, type Requirements } from '../ledger/requirements.js';
import { conflictsWith } from '../matching/conflicts.js';
import type { Matcher } from '../matching/matcher.js';
import type { Screening } from '../records/searchable.js';
import type { ConsentDecisions } from './decisions.js';
import { PATIENT_CONSENT, REQUIREMENT_CONSENT } from './jobs.js';
import type { ConsentRules } from './rules.js';

const PATIENTS_AT_A_TIME = 200;
/** A requirement whose places are all taken may have one again. */
const FULL_AGAIN_MS = 60_000;
/** Nothing that another attempt would mend: the pair is left until a rule or a record is new. */
const LEFT_ALONE = new Set([
  'patient-api/does-not-match', 'patient-api/conflict', 'patient-api/requirement-not-open', 'patient-api/circuit-not-held', 'patient-api/decided-already',
  'eligibility/no-circuit-fits', 'patient-api/unknown-record', 'patient-api/record-unreadable',
]);

interface Pair {
  readonly patientId: Id<'pat'>;
  readonly requirement: KnownRequirement;
}

interface Weighed {
  readonly recordId: Id<'rec'> | null;
  readonly evaluation: ConsentEvaluation;
}

/**
 * Acts on standing rules: begins the exchange that a rule grants, puts to the patient what a rule asks about, and does neither
 * twice for a patient and requirement. Durable: what a stop interrupts is taken up again.
 */
export class StandingConsent {
  /** A rule's limit counts what was begun before: one after another for each patient. */
  readonly #queue = new KeyedQueue();

  constructor(
    private readonly context: AgentContext,
    private readonly parts: {
      readonly rules: ConsentRules;
      readonly decisions: ConsentDecisions;
      readonly requirements: Requirements;
      readonly screening: Screening;
      readonly matcher: Matcher;
      readonly starter: ExchangeStarter;
    },
    jobs: Jobs,
  ) {
    jobs.handle(REQUIREMENT_CONSENT, ({ payload, signal }) => this.#forRequirement(payload.requirementId, signal));
    jobs.handle(PATIENT_CONSENT, ({ payload, signal }) => this.#forPatient(payload.patientId, signal));
  }

  /** Work on a patient during which no rule begins anything. */
  exclusively<T>(patientId: Id<'pat'>, work: () => Promise<T>): Promise<T> {
    return this.#queue.run(patientId, work);
  }

  /** What the rules make of a requirement now; begins nothing. */
  async preview(patientId: Id<'pat'>, requirementId: Id<'req'>): Promise<patientApi.ConsentEvaluation> {
    const { rules, requirements } = this.parts;
    const { recordId, evaluation } = await this.#weigh(patientId, await rules.held(patientId), await requirements.get(requirementId));
    const verdicts = evaluation.rules.map(({ ruleId, effect, applies, clauses }) => ({ ruleId, effect, applies, clauses: [...clauses] }));
    return { requirementId, recordId, ...evaluation, rules: verdicts };
  }

  async #forRequirement(requirementId: Id<'req'>, signal: AbortSignal): Promise<void | { readonly againAtMs: number }> {
    const requirement = await this.parts.requirements.get(requirementId);
    const nowMs = this.context.clock();
    if (!isOpen(requirement, nowMs)) {
      return requirement.status === 'open' && nowMs < requirement.terms.expiresAtMs ? { againAtMs: nowMs + FULL_AGAIN_MS } : undefined;
    }
    return this.#all(signal, this.#withEachPatient(requirement));
  }

  async *#withEachPatient(requirement: KnownRequirement): AsyncIterable<Pair> {
    let after = '';
    for (;;) {
      const patients = await this.parts.rules.patientsWithRules(after, PATIENTS_AT_A_TIME);
      for (const patientId of patients) yield { patientId, requirement };
      const last = patients.at(-1);
      if (last === undefined) return;
      after = last;
    }
  }

  async #forPatient(patientId: Id<'pat'>, signal: AbortSignal): Promise<void | { readonly againAtMs: number }> {
    const open = await this.parts.requirements.open();
    return this.#all(signal, open.map((requirement) => ({ patientId, requirement })));
  }

  /** One that fails does not stop the others; the job is tried again for it. */
  async #all(signal: AbortSignal, pairs: AsyncIterable<Pair> | Iterable<Pair>): Promise<void | { readonly againAtMs: number }> {
    const failures: unknown[] = [];
    let againAtMs = Number.POSITIVE_INFINITY;
    for await (const { patientId, requirement } of pairs) {
      signal.throwIfAborted();
      try {
        againAtMs = Math.min(againAtMs, (await this.#queue.run(patientId, () => this.#consider(patientId, requirement))) ?? againAtMs);
      } catch (error) {
        if (isCodedError(error) && LEFT_ALONE.has(error.code)) this.context.log.info('standing-consent-left', { requirementId: requirement.requirementId, code: error.code });
        else failures.push(error);
      }
    }
    if (failures.length > 0) throw failures[0];
    return Number.isFinite(againAtMs) ? { againAtMs } : undefined;
  }

  /** @returns when to look again, where a rule's limit stands in the way */
  async #consider(patientId: Id<'pat'>, requirement: KnownRequirement): Promise<number | null> {
    const { rules, decisions, starter, matcher } = this.parts;
    const { requirementId } = requirement;
    if (requirement.policy === null || (await decisions.find(patientId, requirementId)) !== undefined) return null;
    // Begun by the patient: no rule has a say in it any more, not even after a withdrawal.
    if ((await matcher.past(patientId)).some(({ exchange }) => exchange.requirementId === requirementId)) return null;
    const { recordId, evaluation } = await this.#weigh(patientId, await rules.held(patientId), requirement);
    const { decision, ruleId, againAtMs } = evaluation;
    if (decision === 'refused' || recordId === null || ruleId === null) return againAtMs;
    const decided = { patientId, requirementId, recordId, ruleId };
    if (decision === 'ask') await decisions.ask(decided);
    else {
      const freeAtMs = await decisions.hourFreeAtMs();
      if (freeAtMs > this.context.clock()) return freeAtMs;
      const withinMs = this.context.settings.standingSpreadMs;
      await starter.start({ patientId, recordId, requirementId, acknowledgeConflicts: false, by: `standing rule ${ruleId}`, withinMs }, (tx, exchangeId) =>
        decisions.granted(tx, decided, exchangeId));
    }
    return null;
  }

  /** The rules come first: a record is opened only for an offer that they do not refuse. */
  async #weigh(patientId: Id<'pat'>, held: readonly HeldRule[], requirement: KnownRequirement): Promise<Weighed> {
    const nowMs = this.context.clock();
    const said = (matches: boolean, conflicts: readonly string[]) => evaluateConsent(held, requirement, { matches, conflicts }, nowMs);
    const byRules = said(true, []);
    if (byRules.decision === 'refused') return { recordId: null, evaluation: byRules };
    const recordId = requirement.policy === null ? null : await this.parts.screening.newestMatch(requirement.policy, patientId);
    const conflicts = recordId === null ? [] : conflictsWith(requirement, await this.parts.matcher.past(patientId), nowMs).map(({ reason }) => reason);
    return { recordId, evaluation: said(recordId !== null, conflicts) };
  }
}
