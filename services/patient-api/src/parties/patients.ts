import type { patientApi } from '@medveil/client';
import { defineJob, type Jobs, type TransactionQueries } from '@medveil/database';
import { fromUtf8, idSchema, isCodedError, makeId, utf8, type Id } from '@medveil/encoding';
import { asc, eq, gt } from 'drizzle-orm';
import { z } from 'zod';
import type { AgentContext } from '../agent.js';
import { PatientApiError } from '../errors.js';
import { parties, type PartyId, patients } from '../tables.js';
import type { Keyring } from './keyring.js';
import type { Enrolments } from './enrolments.js';
import type { Pseudonyms } from './pseudonyms.js';

/** Enrols a patient where that was not done at once, and keeps pseudonyms in stock. */
export const PREPARE_PATIENT = defineJob({
  name: 'prepare-patient',
  payload: z.strictObject({ patientId: idSchema('pat') }),
  maxAttempts: 1_000,
  backoffMs: { first: 500, longest: 60_000 },
});

/** Passing troubles, in which a patient is kept and enrolled later. */
const PASSING = new Set(['client/unreachable', 'client/timeout', 'client/not-a-problem', 'http/unavailable', 'http/too-many-requests', 'patient-api/not-enrolled']);

export class Patients {
  constructor(
    private readonly context: AgentContext,
    private readonly keyring: Keyring,
    private readonly enrolments: Enrolments,
    private readonly pseudonyms: Pseudonyms,
    private readonly jobs: Jobs,
  ) {
    jobs.handle(PREPARE_PATIENT, async ({ payload }) => {
      // The PKG may have refused the patient meanwhile, who is none then.
      if (await this.#exists(payload.patientId)) await this.pseudonyms.ensure(payload.patientId, context.settings.pseudonymsLeft);
    });
  }

  /**
   * Draws a seed, enrols it, asks for the first T-Certs. Where the PKG is away, that is made up for in the background.
   * @throws what the PKG refuses; then there is no patient
   */
  async create(label: string): Promise<patientApi.Patient> {
    // The hospital's own enrolment is what vouches for its patients.
    await this.enrolments.enrolled('hospital');
    const { database, sealer, random, clock } = this.context;
    const patientId = makeId('pat', random(16));
    await this.keyring.create(patientId);
    await database.transaction(async (tx) => {
      await tx.insert(parties).values({ partyId: patientId, role: 'patient', enrolmentId: patientId });
      await tx.insert(patients).values({ patientId, label: sealer.seal(labelPlace(patientId), utf8(label)), createdAtMs: clock() });
      await this.jobs.enqueue(tx, PREPARE_PATIENT, { key: patientId, payload: { patientId }, runAtMs: clock() + 60_000 });
    });
    try {
      await this.pseudonyms.ensure(patientId, this.context.settings.pseudonymsLeft);
    } catch (error) {
      if (!isCodedError(error) || !PASSING.has(error.code)) {
        await database.queries.delete(parties).where(eq(parties.partyId, patientId));
        throw error;
      }
      this.context.log.warn('patient-enrolled-later', { patientId, code: error.code });
    }
    return this.get(patientId);
  }

  /**
   * A patient whose seed is back and whose trail is yet to be read; nothing is begun with them until then.
   * @throws PatientApiError `patient-api/patient-known`
   */
  async readmit(patientId: Id<'pat'>, label: string, together: (tx: TransactionQueries) => Promise<void>): Promise<void> {
    await this.enrolments.enrolled('hospital');
    const { database, sealer, clock } = this.context;
    await database.transaction(async (tx) => {
      const inserted = await tx.insert(parties).values({ partyId: patientId, role: 'patient', enrolmentId: patientId }).onConflictDoNothing().returning({ partyId: parties.partyId });
      if (inserted.length === 0) throw new PatientApiError('patient-api/patient-known', 'this agent has the patient already');
      await tx.insert(patients).values({ patientId, label: sealer.seal(labelPlace(patientId), utf8(label)), isRestoring: true, createdAtMs: clock() });
      await together(tx);
    });
  }

  /** @throws PatientApiError `patient-api/unknown-patient` */
  async get(patientId: Id<'pat'>): Promise<patientApi.Patient> {
    const [row] = await this.context.database.queries.select().from(patients).where(eq(patients.patientId, patientId));
    if (row === undefined) throw new PatientApiError('patient-api/unknown-patient', 'this agent knows no such patient');
    return this.#view(row);
  }

  /** In the order in which they came. */
  async list(afterSequence: number, limit: number): Promise<{ readonly sequence: number; readonly patient: patientApi.Patient }[]> {
    const rows = await this.context.database.queries
      .select()
      .from(patients)
      .where(gt(patients.sequence, afterSequence))
      .orderBy(asc(patients.sequence))
      .limit(limit);
    const listed = [];
    for (const row of rows) listed.push({ sequence: row.sequence, patient: await this.#view(row) });
    return listed;
  }

  /** Looks after the stock of pseudonyms; nobody waits for it. */
  replenish(patientId: Id<'pat'>): void {
    const { settings, log } = this.context;
    this.pseudonyms.ensure(patientId, settings.pseudonymsLeft).catch((error: unknown) => {
      log.warn('pseudonyms-not-replenished', { patientId, code: isCodedError(error) ? error.code : 'unexpected' });
    });
  }

  async #exists(patientId: Id<'pat'>): Promise<boolean> {
    const rows = await this.context.database.queries.select({ id: patients.patientId }).from(patients).where(eq(patients.patientId, patientId));
    return rows.length > 0;
  }

  async #view({ patientId, label, isRestoring, createdAtMs }: typeof patients.$inferSelect): Promise<patientApi.Patient> {
    return {
      patientId,
      label: fromUtf8(this.context.sealer.open(labelPlace(patientId), label)),
      enrolmentId: patientId,
      unusedPseudonyms: await this.pseudonyms.unused(patientId satisfies PartyId),
      isRestoring,
      createdAtMs,
    };
  }
}

const labelPlace = (patientId: Id<'pat'>): string => `label of ${patientId}`;
