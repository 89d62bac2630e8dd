import type { Jobs } from '@medveil/database';
import { attest, buildRecord, dayOf, PART_TYPES, type PartType, type RecordTree, subjectOf } from '@medveil/eligibility';
import { concatBytes, type Id, makeId, sha256 } from '@medveil/encoding';
import type { PreparedRecord } from '@medveil/fhir';
import { objectKey, type ObjectStore } from '@medveil/object-store';
import { asc, eq, sql } from 'drizzle-orm';
import type { AgentContext } from '../agent.js';
import { PATIENT_CONSENT } from '../consent/jobs.js';
import { PatientApiError } from '../errors.js';
import type { Hospital } from '../parties/hospital.js';
import type { Keyring } from '../parties/keyring.js';
import { BoundedMap } from '../support/bounded-map.js';
import { patients, records } from '../tables.js';
import { sealIndex } from './searchable.js';
import { decodeRecord, encodeRecord, type StoredPart, type StoredRecord } from './record-codec.js';

/** A record with its tree, ready for matching and proving. */
export interface LoadedRecord extends StoredRecord {
  readonly recordId: Id<'rec'>;
  readonly patientId: Id<'pat'>;
  readonly tree: RecordTree;
}

const NAMESPACE = 'records';
/** Observations held in memory: trees are costly to build. */
const MAX_CACHED_OBSERVATIONS = 200_000;

/** The patients' records: attested when they come in, sealed at rest, never outside this agent as a whole. */
export class Records {
  readonly #loaded = new BoundedMap<Id<'rec'>, LoadedRecord>(MAX_CACHED_OBSERVATIONS);

  constructor(
    private readonly context: AgentContext,
    private readonly store: ObjectStore,
    private readonly keyring: Keyring,
    private readonly hospital: Hospital,
    private readonly jobs: Pick<Jobs, 'enqueue' | 'notify'>,
  ) {}

  /**
   * Builds the record's tree, attests it in the hospital's name and keeps it. Nothing is registered before all is done.
   * @param likeness of `Population`
   * @throws PatientApiError `patient-api/unknown-patient`; EligibilityError of `buildRecord`
   */
  async add(patientId: Id<'pat'>, prepared: Pick<PreparedRecord, 'parts' | 'observations' | 'datePrecision'>, likeness: Uint8Array): Promise<LoadedRecord> {
    const { clock, random, sealer, database } = this.context;
    const secretIndex = await this.#nextSecret(patientId);
    const keys = await this.keyring.of(patientId);
    const parts = PART_TYPES.map((part): StoredPart => ({
      part,
      content: prepared.parts[part],
      observations: prepared.observations.filter((observation) => observation.part === part),
    }));
    const { datePrecision } = prepared;
    const tree = buildRecord({ parts: partsOf(parts), recordSecret: keys.record(secretIndex).recordSecret, datePrecision });
    const attestation = attest(await this.hospital.attestationKey(), { partsRoot: tree.partsRoot, timeDay: dayOf(clock()), subject: subjectOf(keys.idSecret) });
    const recordId = makeId('rec', random(32));
    const stored: StoredRecord = { secretIndex, datePrecision, attestation, parts };
    const searchIndex = sealIndex(this.context, recordId, parts, datePrecision, attestation);
    const sealed = sealer.seal(recordId, encodeRecord(stored));
    const objectDigest = sha256(sealed);
    await this.store.put(objectKey(NAMESPACE, objectDigest), once(sealed), { sha256: objectDigest, sizeBytes: sealed.length });
    await database.transaction(async (tx) => {
      await tx.insert(records).values({ recordId, patientId, objectDigest, sizeBytes: sealed.length, importedAtMs: clock(), likeness, searchIndex });
      await this.jobs.enqueue(tx, PATIENT_CONSENT, { key: `${patientId}/${recordId}`, payload: { patientId } });
    });
    this.jobs.notify();
    return this.#keep({ ...stored, recordId, patientId, tree });
  }

  /** Identifiers of a patient's records, oldest first. */
  async listOf(patientId: Id<'pat'>): Promise<Id<'rec'>[]> {
    const rows = await this.context.database.queries
      .select({ recordId: records.recordId })
      .from(records)
      .where(eq(records.patientId, patientId))
      .orderBy(asc(records.sequence));
    return rows.map(({ recordId }) => recordId);
  }

  /** @throws PatientApiError `patient-api/unknown-record` where the patient has no such record, `patient-api/record-unreadable` */
  async load(patientId: Id<'pat'>, recordId: Id<'rec'>): Promise<LoadedRecord> {
    const known = this.#loaded.get(recordId);
    if (known?.patientId === patientId) return known;
    const [row] = await this.context.database.queries.select().from(records).where(eq(records.recordId, recordId));
    if (row?.patientId !== patientId) throw new PatientApiError('patient-api/unknown-record', 'the patient has no such record here');
    const { body } = await this.store.get(objectKey(NAMESPACE, row.objectDigest));
    const stored = decodeRecord(this.context.sealer.open(recordId, await whole(body)));
    const { recordSecret } = (await this.keyring.of(patientId)).record(stored.secretIndex);
    const tree = buildRecord({ parts: partsOf(stored.parts), recordSecret, datePrecision: stored.datePrecision });
    return this.#keep({ ...stored, recordId, patientId, tree });
  }

  #keep(record: LoadedRecord): LoadedRecord {
    this.#loaded.set(record.recordId, record, record.parts.reduce((sum, { observations }) => sum + observations.length, 1));
    return record;
  }

  async #nextSecret(patientId: Id<'pat'>): Promise<number> {
    const [row] = await this.context.database.queries
      .update(patients)
      .set({ nextRecord: sql`${patients.nextRecord} + 1` })
      .where(eq(patients.patientId, patientId))
      .returning({ next: patients.nextRecord });
    if (row === undefined) throw new PatientApiError('patient-api/unknown-patient', 'this agent knows no such patient');
    return row.next - 1;
  }
}

const partsOf = (parts: readonly StoredPart[]): Partial<Record<PartType, { observations: StoredPart['observations']; digest: Uint8Array }>> =>
  Object.fromEntries(parts.map(({ part, content, observations }) => [part, { observations, digest: sha256(content) }]));

async function* once(bytes: Uint8Array): AsyncIterable<Uint8Array> {
  yield bytes;
}

async function whole(body: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of body) chunks.push(chunk);
  return concatBytes(...chunks);
}
