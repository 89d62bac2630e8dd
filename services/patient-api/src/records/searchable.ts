import { type Attestation, decodeIndex, encodeIndex, explain, type CompiledPolicy, PART_TYPES, type PartType, type SearchableRecord } from '@medveil/eligibility';
import { bytesSchema, decodeCanonical, encodeCanonical, type Id } from '@medveil/encoding';
import { asc, desc, eq, gt } from 'drizzle-orm';
import { z } from 'zod';
import type { AgentContext } from '../agent.js';
import { records } from '../tables.js';
import type { StoredPart } from './record-codec.js';
import type { Records } from './records.js';

export interface ScreenedRecord {
  readonly patientId: Id<'pat'>;
  readonly matches: boolean;
}

const PAGE = 500;
const storedSchema = z.strictObject({ timeDay: z.int(), index: bytesSchema({ max: 1 << 26 }) });
const place = (recordId: Id<'rec'>): string => `index of ${recordId}`;

/** What is kept beside a record, so that thousands are screened without building their trees. Records that this agent holds were attested by its hospital. */
export function sealIndex({ sealer }: Pick<AgentContext, 'sealer'>, recordId: Id<'rec'>, parts: readonly StoredPart[], datePrecision: 'day' | 'year', { timeDay }: Attestation): Uint8Array {
  const observations = Object.fromEntries(PART_TYPES.map((part) => [part, parts.find((one) => one.part === part)?.observations ?? []])) as Record<PartType, StoredPart['observations']>;
  return sealer.seal(place(recordId), encodeCanonical({ timeDay, index: encodeIndex(observations, datePrecision) }));
}

type Row = Pick<typeof records.$inferSelect, 'recordId' | 'patientId' | 'sequence' | 'searchIndex'>;

/** Evaluates a policy on records, without proofs and without their trees. */
export class Screening {
  constructor(
    private readonly context: AgentContext,
    private readonly loaded: Pick<Records, 'load'>,
  ) {}

  /** All records of the agent, oldest first. */
  async *all(policy: CompiledPolicy): AsyncIterable<ScreenedRecord> {
    for (let after = 0; ;) {
      const rows = await this.#rows().where(gt(records.sequence, after)).orderBy(asc(records.sequence)).limit(PAGE);
      for (const row of rows) yield this.#screen(policy, row);
      const last = rows.at(-1);
      if (last === undefined) return;
      after = last.sequence;
    }
  }

  /** The newest record of a patient that matches; null where none does. */
  async newestMatch(policy: CompiledPolicy, patientId: Id<'pat'>): Promise<Id<'rec'> | null> {
    const rows = await this.#rows().where(eq(records.patientId, patientId)).orderBy(desc(records.sequence));
    for (const row of rows) if ((await this.#screen(policy, row)).matches) return row.recordId;
    return null;
  }

  #rows() {
    const { recordId, patientId, sequence, searchIndex } = records;
    return this.context.database.queries.select({ recordId, patientId, sequence, searchIndex }).from(records).$dynamic();
  }

  async #screen(policy: CompiledPolicy, row: Row): Promise<ScreenedRecord> {
    const { timeDay, record } = await this.#searchable(row);
    return { patientId: row.patientId, matches: explain(policy, record, { timeDay, selfAttested: false }).matched };
  }

  async #searchable({ recordId, patientId, searchIndex }: Row): Promise<{ readonly timeDay: number; readonly record: SearchableRecord }> {
    if (searchIndex === null) {
      const { tree, attestation } = await this.loaded.load(patientId, recordId);
      return { timeDay: attestation.timeDay, record: tree };
    }
    const { timeDay, index } = storedSchema.parse(decodeCanonical(this.context.sealer.open(place(recordId), searchIndex)));
    return { timeDay, record: decodeIndex(index) };
  }
}
