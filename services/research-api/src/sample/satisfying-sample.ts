import {
  buildRecord, type CompiledClause, type CompiledPolicy, DAY_MS, dayOf, EMPTY_PART_DIGEST, explain, type Observation, PART_TYPES, type RecordInput, type RecordTree,
  startOfDayMs,
} from '@medveil/eligibility';
import { ResearchApiError } from '../errors.js';
import { observationsOfCode, type SearchBudget } from './code-timeline.js';

/** A record of nobody that meets a policy. */
export interface SatisfyingSample {
  readonly record: RecordTree;
  /** T of its attestation: today, or the day of its last observation where the policy asks for later ones. */
  readonly timeDay: number;
}

const SEARCH_STEPS = 50_000;

/**
 * Finds observations that a record meeting the policy could have: of every group one clause that can hold beside those chosen
 * for the others. Clauses of different parts or codes do not touch each other.
 * @param recordSecret 32 bytes that the salts derive from
 * @throws ResearchApiError `research-api/unsatisfiable-policy` with the place of the group that cannot be met beside those before it
 */
export function satisfyingSample(policy: CompiledPolicy, options: { readonly nowMs: number; readonly recordSecret: Uint8Array }): SatisfyingSample {
  const endOfTodayMs = startOfDayMs(options.nowMs) + DAY_MS - 1;
  const observations = new Search(policy, endOfTodayMs).run();
  const record = buildRecord({ parts: partsOf(observations), recordSecret: options.recordSecret });
  const lastMs = observations.reduce((latest, { timeMs }) => Math.max(latest, timeMs), options.nowMs);
  const timeDay = Math.max(policy.leastDay, dayOf(lastMs));
  const { groups } = explain(policy, record, { timeDay, selfAttested: false });
  const unmet = groups.findIndex(({ matched }) => !matched);
  if (unmet >= 0) throw unsatisfiable(unmet);
  return { record, timeDay };
}

function partsOf(observations: readonly Observation[]): RecordInput['parts'] {
  const parts = PART_TYPES.filter((part) => observations.some((observation) => observation.part === part));
  return Object.fromEntries(parts.map((part) => [
    part,
    { observations: observations.filter((observation) => observation.part === part), digest: EMPTY_PART_DIGEST },
  ]));
}

const codeKey = ({ part, code }: CompiledClause): string => JSON.stringify([part, code.system, code.code]);

type Chosen = ReadonlyMap<string, { readonly clauses: readonly CompiledClause[]; readonly observations: readonly Observation[] }>;

/** Depth first over the groups, those without a choice first. */
class Search {
  readonly #groups: readonly { readonly index: number; readonly clauses: readonly CompiledClause[] }[];
  readonly #budget: SearchBudget = { left: SEARCH_STEPS };
  #furthest = -1;
  #failedGroup = 0;

  constructor(policy: CompiledPolicy, private readonly endOfTodayMs: number) {
    this.#groups = policy.groups.map((clauses, index) => ({ index, clauses })).toSorted((a, b) => a.clauses.length - b.clauses.length || a.index - b.index);
  }

  run(): Observation[] {
    const found = this.#choose(0, new Map());
    if (found === undefined) throw unsatisfiable(this.#failedGroup);
    return [...found.values()].flatMap(({ observations }) => observations);
  }

  #choose(position: number, chosen: Chosen): Chosen | undefined {
    const group = this.#groups[position];
    if (group === undefined) return chosen;
    for (const clause of group.clauses) {
      const key = codeKey(clause);
      const clauses = [...(chosen.get(key)?.clauses ?? []), clause];
      const observations = observationsOfCode(clauses, this.endOfTodayMs, this.#budget);
      if (observations === undefined) continue;
      const found = this.#choose(position + 1, new Map([...chosen, [key, { clauses, observations }]]));
      if (found !== undefined || this.#budget.left < 0) return found;
    }
    if (position > this.#furthest) {
      this.#furthest = position;
      this.#failedGroup = group.index;
    }
    return undefined;
  }
}

const unsatisfiable = (group: number): ResearchApiError =>
  new ResearchApiError('research-api/unsatisfiable-policy', `all.${group}: no record was found that meets this beside the other criteria`, { path: `all.${group}`, group });
