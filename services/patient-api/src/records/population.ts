import { createHmac } from 'node:crypto';
import { type AnonymityReport, anonymityOfSizes, quasiIdentifierClass, quasiIdentifiersOf } from '@medveil/fhir';
import { eq, sql } from 'drizzle-orm';
import type { AgentContext } from '../agent.js';
import type { Keyring } from '../parties/keyring.js';
import { HOSPITAL, records } from '../tables.js';

/** How alike the agent's own patients are by what the rule set keeps of them; each counts once, by the newest record. */
export class Population {
  constructor(
    private readonly context: AgentContext,
    private readonly keyring: Keyring,
  ) {}

  /** Under the hospital's key, so that the database alone does not tell a birth date. */
  async likeness(demographics: Uint8Array): Promise<Uint8Array> {
    const key = (await this.keyring.of(HOSPITAL)).secret('likeness', 0);
    return new Uint8Array(createHmac('sha256', key).update(quasiIdentifierClass(quasiIdentifiersOf(demographics))).digest());
  }

  async anonymity(k: number): Promise<AnonymityReport> {
    const { rows } = await this.context.database.queries.execute<{ size: number }>(sql`
      select count(*)::int as size from (
        select distinct on (${records.patientId}) ${records.likeness} as likeness from ${records} order by ${records.patientId}, ${records.sequence} desc
      ) as newest where likeness is not null group by likeness`);
    return anonymityOfSizes(rows.map(({ size }) => size), k);
  }

  /** Patients who look like this one, who is among them. */
  async alike(likeness: Uint8Array): Promise<number> {
    const rows = await this.context.database.queries.selectDistinct({ patientId: records.patientId }).from(records).where(eq(records.likeness, likeness));
    return rows.length;
  }
}
