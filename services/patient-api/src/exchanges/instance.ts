import { commit, type Commitment, subjectOf } from '@medveil/eligibility';
import type { KnownRequirement, Requirements } from '../ledger/requirements.js';
import type { Keyring } from '../parties/keyring.js';
import type { Pseudonym, Pseudonyms } from '../parties/pseudonyms.js';
import type { LoadedRecord, Records } from '../records/records.js';
import type { ExchangeRow } from '../tables.js';

/** One instance of a record, with all that its steps need. */
export interface Instance {
  readonly exchange: ExchangeRow;
  readonly record: LoadedRecord;
  readonly requirement: KnownRequirement;
  readonly pseudonym: Pseudonym;
  readonly idSecret: bigint;
  readonly r: bigint;
  readonly commitment: Commitment;
}

export class Instances {
  constructor(
    private readonly records: Records,
    private readonly requirements: Requirements,
    private readonly keyring: Keyring,
    private readonly pseudonyms: Pseudonyms,
  ) {}

  async of(exchange: ExchangeRow): Promise<Instance> {
    const { patientId } = exchange;
    const record = await this.records.load(patientId, exchange.recordId);
    const keys = await this.keyring.of(patientId);
    const { blinding: r } = keys.record(exchange.instanceIndex);
    const attested = { partsRoot: record.tree.partsRoot, timeDay: record.attestation.timeDay, subject: subjectOf(keys.idSecret) };
    return {
      exchange,
      record,
      requirement: await this.requirements.get(exchange.requirementId),
      pseudonym: await this.pseudonyms.load(patientId, exchange.pseudonymIndex),
      idSecret: keys.idSecret,
      r,
      commitment: commit(attested, r),
    };
  }
}
