import type { Readable } from 'node:stream';
import type { patientApi } from '@medveil/client';
import type { Id } from '@medveil/encoding';
import { type BundleLimits, DEFAULT_BUNDLE_LIMITS, type FhirBundle, parseBundle, prepareRecord, type PreparedRecord, readBundle } from '@medveil/fhir';
import type { AgentContext } from '../agent.js';
import type { Patients } from '../parties/patients.js';
import type { Population } from './population.js';
import type { LoadedRecord, Records } from './records.js';

/** From a FHIR bundle to an attested record: read within limits, de-identified, coded, attested, sealed. */
export class Importer {
  constructor(
    private readonly context: AgentContext,
    private readonly patients: Patients,
    private readonly records: Records,
    private readonly population: Population,
  ) {}

  /**
   * @param sizeBytes of Content-Length, where the caller gave one: too large is then refused unread
   * @throws FhirError, EligibilityError, PatientApiError `patient-api/unknown-patient`; nothing is registered then
   */
  async import(patientId: Id<'pat'>, body: Readable, sizeBytes: number | undefined): Promise<patientApi.ImportedRecord> {
    await this.patients.get(patientId);
    const { settings, ruleSet } = this.context;
    const limits = this.#limits();
    const source = { read: () => unbroken(body), ...(sizeBytes === undefined ? {} : { sizeBytes }) };
    const bundle = await readBundle(source, limits).finally(() => body.resume());
    const prepared = this.#prepare(bundle);
    const likeness = await this.population.likeness(prepared.parts.demographics);
    const record = await this.records.add(patientId, prepared, likeness);
    const alike = await this.population.alike(likeness);
    return { ...report(record, prepared, ruleSet.name), anonymity: { k: settings.anonymityK, alike, warning: alike < settings.anonymityK } };
  }

  /** Whether `import` would take it; nothing is kept. @throws FhirError, EligibilityError */
  check(bytes: Uint8Array): void {
    this.#prepare(parseBundle(bytes, this.#limits()));
  }

  #limits(): BundleLimits {
    return { ...DEFAULT_BUNDLE_LIMITS, maxBytes: this.context.settings.maxBundleBytes };
  }

  #prepare(bundle: FhirBundle): PreparedRecord {
    const { ruleSet, random, clock } = this.context;
    return prepareRecord(bundle, { ruleSet, random, referenceTimeMs: clock() });
  }
}

/** Leaving the iteration early must not tear down the connection, which still has to carry the answer. */
async function* unbroken(body: Readable): AsyncIterable<Uint8Array> {
  for await (const chunk of body.iterator({ destroyOnReturn: false })) yield chunk as Uint8Array;
}

function report(record: LoadedRecord, prepared: PreparedRecord, ruleSet: string): Omit<patientApi.ImportedRecord, 'anonymity'> {
  const { report: done, notUnderstood, understood, observations } = prepared;
  return {
    recordId: record.recordId,
    ruleSet,
    observations: observations.length,
    understood,
    notUnderstood: notUnderstood.map(({ system, code, reason, count }) => ({ system, code, reason, count })),
    removed: [...done.removed],
    changed: [...done.changed],
    notShared: [...done.notShared],
    parts: record.parts.map(({ part, content, observations: coded }) => ({ part, resources: resourcesIn(content), bytes: content.length, observations: coded.length })),
  };
}

/** A part is a bundle of this program's own making. */
function resourcesIn(content: Uint8Array): number {
  const bundle = JSON.parse(new TextDecoder().decode(content)) as { readonly entry?: readonly unknown[] };
  return bundle.entry?.length ?? 0;
}
