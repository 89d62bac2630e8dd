import { StringDecoder } from 'node:string_decoder';
import { Readable } from 'node:stream';
import type { patientApi } from '@medveil/client';
import { type Id, isCodedError, sha256, utf8 } from '@medveil/encoding';
import { eq } from 'drizzle-orm';
import type { AgentContext } from '../agent.js';
import { PatientApiError } from '../errors.js';
import type { Patients } from '../parties/patients.js';
import { importedLines } from '../tables.js';
import type { Importer } from './import.js';

/** What a line alone is to blame for; anything else ends the import, to be sent again later. */
const OF_THE_LINE = /^(?:fhir|eligibility)\//;

/**
 * Many patients at once: NDJSON, one FHIR bundle of one patient a line. Streamed: one line is held at a time, and a line's report
 * goes out before the next is read. A line that was taken in before is known by its hash, so a file is sent again as it is.
 */
export class BulkImporter {
  constructor(
    private readonly context: AgentContext,
    private readonly patients: Patients,
    private readonly importer: Importer,
  ) {}

  /** Reports in the order of the lines. An import that cannot go on ends with a report of `stopped`. */
  async *import(body: Readable): AsyncIterable<patientApi.BulkLine> {
    let line = 0;
    try {
      for await (const text of linesOf(body, this.context.settings.maxBundleBytes)) {
        line += 1;
        if (line > this.context.settings.maxImportLines) throw new PatientApiError('patient-api/too-many-lines', `an import has at most ${this.context.settings.maxImportLines} lines`);
        if (text !== '') yield { line, ...(await this.#line(text, line)) };
      }
    } catch (error) {
      body.resume();
      if (!isCodedError(error)) this.context.log.error('bulk-import-stopped', error);
      yield { line, status: 'stopped', patientId: null, recordId: null, code: isCodedError(error) ? error.code : 'patient-api/unexpected' };
    }
  }

  async #line(text: string, line: number): Promise<Omit<patientApi.BulkLine, 'line'>> {
    const bytes = utf8(text);
    const digest = sha256(bytes);
    const { queries } = this.context.database;
    const [known] = await queries.select().from(importedLines).where(eq(importedLines.digest, digest));
    if (known?.recordId != null) return { status: 'known', patientId: known.patientId, recordId: known.recordId, code: null };
    try {
      this.importer.check(bytes);
      const patientId = known?.patientId ?? (await this.#newPatient(digest, line));
      const { recordId } = await this.importer.import(patientId, Readable.from([bytes]), bytes.length);
      await queries.update(importedLines).set({ recordId }).where(eq(importedLines.digest, digest));
      return { status: 'imported', patientId, recordId, code: null };
    } catch (error) {
      if (!isCodedError(error) || !OF_THE_LINE.test(error.code)) throw error;
      return { status: 'refused', patientId: null, recordId: null, code: error.code };
    }
  }

  async #newPatient(digest: Uint8Array, line: number): Promise<Id<'pat'>> {
    const { patientId } = await this.patients.create(`bulk import, line ${line}`);
    await this.context.database.queries.insert(importedLines).values({ digest, patientId, recordId: null, importedAtMs: this.context.clock() });
    return patientId;
  }
}

/** @throws PatientApiError `patient-api/line-too-long`, before the line is read to its end */
async function* linesOf(body: Readable, maxBytes: number): AsyncIterable<string> {
  const decoder = new StringDecoder('utf8');
  let held = '';
  for await (const chunk of body.iterator({ destroyOnReturn: false })) {
    const [first = '', ...rest] = decoder.write(chunk as Buffer).split('\n');
    held += first;
    for (const next of rest) {
      yield withinLimit(held, maxBytes).trim();
      held = next;
    }
    if (held.length > maxBytes) throw tooLong(maxBytes);
  }
  held += decoder.end();
  if (held.trim() !== '') yield withinLimit(held, maxBytes).trim();
}

function withinLimit(text: string, maxBytes: number): string {
  if (Buffer.byteLength(text) > maxBytes) throw tooLong(maxBytes);
  return text;
}

const tooLong = (max: number): PatientApiError => new PatientApiError('patient-api/line-too-long', `a line has at most ${max} bytes`, { max });
