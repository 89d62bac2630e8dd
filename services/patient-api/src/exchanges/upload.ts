import type { BodyOf } from '@medveil/agreements';
import { encodeOpening, openForDelivery, type PartType } from '@medveil/eligibility';
import { concatBytes, encodeCanonical, sha256, toHex } from '@medveil/encoding';
import { encodeLabel, encryptBody } from '@medveil/pre';
import type { AgentContext } from '../agent.js';
import { PatientApiError } from '../errors.js';
import type { Connections } from '../ledger/connections.js';
import { exchangeParts, type ExchangePartRow } from '../tables.js';
import type { ExchangeStore } from './exchange-store.js';
import type { Instance } from './instance.js';

/** Of the labels and bodies of an instance: they are made once. */
export const FIRST_VERSION = 1;

/** Phase 4: the parts asked for, and no others, encrypted under the pseudonym's own key and brought to the proxy. */
export class Uploads {
  constructor(
    private readonly context: AgentContext,
    private readonly connections: Connections,
    private readonly store: ExchangeStore,
  ) {}

  /** Parts that are up already stay; one that was under way when the agent stopped is made anew, under a fresh file key. */
  async upload(instance: Instance, signal: AbortSignal): Promise<void> {
    const { exchange, requirement } = instance;
    const done = new Set((await this.store.parts(exchange.exchangeId)).map(({ part }) => part));
    for (const part of requirement.terms.parts) {
      if (done.has(part)) continue;
      signal.throwIfAborted();
      await this.#uploadPart(instance, part);
    }
  }

  async #uploadPart(instance: Instance, part: PartType): Promise<void> {
    const { exchange, pseudonym, commitment } = instance;
    const { pre, random, chainId, database } = this.context;
    const label = encodeLabel({ chainId, record: commitment.h, part, version: FIRST_VERSION });
    const { seed, capsule } = pre.encapsulate(pseudonym.ownerKey.publicKey, label, random);
    const context = { record: commitment.h, part, version: FIRST_VERSION };
    const pieces: Uint8Array[] = [];
    for await (const piece of encryptBody(seed, context, once(containerOf(instance, part)), random)) pieces.push(piece);
    seed.fill(0);
    const body = concatBytes(...pieces);
    requireTaken(instance, part, body.length);
    const bodyDigest = sha256(body);
    await this.connections.as(pseudonym).proxy.putBody(toHex(bodyDigest), body);
    const row: ExchangePartRow = { exchangeId: exchange.exchangeId, part, version: FIRST_VERSION, capsule, bodyDigest, bodyBytes: body.length };
    await database.queries.insert(exchangeParts).values(row).onConflictDoNothing();
  }
}

/** The ledger would refuse the claim, so nothing is brought anywhere. @throws PatientApiError `patient-api/part-too-large` */
function requireTaken({ requirement }: Instance, part: PartType, bytes: number): void {
  const { maxBodyBytes = Infinity } = requirement.terms;
  if (bytes > maxBodyBytes) throw new PatientApiError('patient-api/part-too-large', 'the record’s part is larger than the institution takes', { part, bytes, max: maxBodyBytes });
}

/** What the institution will read: the part, and the opening that shows it to be the part that was proved about. */
function containerOf({ record, commitment }: Instance, part: PartType): Uint8Array {
  const stored = record.parts.find((candidate) => candidate.part === part);
  if (stored === undefined) throw new PatientApiError('patient-api/record-unreadable', 'the record lacks a part', { part });
  const opening = openForDelivery(record.tree, [part], { timeDay: record.attestation.timeDay, blinding: commitment.blinding });
  return encodeCanonical({ version: 1, part, content: stored.content, opening: encodeOpening(opening) });
}

async function* once(bytes: Uint8Array): AsyncIterable<Uint8Array> {
  yield bytes;
}

/** Phase 5: what is registered, in the order of the terms' parts, which is that of the part types. */
export function registrationOf({ requirement, commitment }: Instance, parts: readonly ExchangePartRow[]): BodyOf<'register-record'> {
  return {
    type: 'register-record',
    record: commitment.h,
    parts: requirement.terms.parts.flatMap((wanted) =>
      parts
        .filter(({ part }) => part === wanted)
        .map(({ part, version, capsule, bodyDigest, bodyBytes }) => ({ part, version, capsule, bodyDigest, bodyBytes })),
    ),
  };
}
