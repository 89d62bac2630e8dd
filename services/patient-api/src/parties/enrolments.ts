import { HttpClient, KeyedQueue, type pkgApi, PkgClient } from '@medveil/client';
import { bytesSchema, decodeCanonical, encodeCanonical, equalBytes, fromBase64Url, toBase64Url } from '@medveil/encoding';
import { fieldToBytes, subjectOf } from '@medveil/eligibility';
import { assertionTokens } from '@medveil/host';
import { createEnrolmentRequest, type ECert, enrolmentTokenDigest, type EnrolmentRequest, hpkeKeyPairFromSeed, verifyECert } from '@medveil/identity';
import { eq } from 'drizzle-orm';
import { z } from 'zod';
import type { AgentContext } from '../agent.js';
import { PatientApiError } from '../errors.js';
import { BoundedMap } from '../support/bounded-map.js';
import { HOSPITAL, parties, type PartyId } from '../tables.js';
import type { Keyring } from './keyring.js';

/** The name under which the PKG takes assertions. */
const PKG_AUDIENCE = 'pkg';
const KEPT_CLIENTS = 500;
const DAY_MS = 86_400_000;
/** An E-Cert is renewed once so little of its life is left. */
const RENEW_BEFORE_MS = 30 * DAY_MS;

interface PendingEnrolment {
  readonly token: Uint8Array;
  readonly request: Uint8Array;
}
const pendingSchema = z.strictObject({ token: bytesSchema({ length: 32 }), request: bytesSchema({ max: 4_096 }) });

export interface EnrolledParty {
  readonly partyId: PartyId;
  readonly role: 'hospital' | 'patient';
  readonly enrolmentId: string;
  /** DER */
  readonly certificate: Uint8Array;
  readonly eCert: ECert;
}

/** Enrolment of the hospital and, with its credential, of its patients: keys of their own making, certified by the PKG. */
export class Enrolments {
  readonly #queue = new KeyedQueue();
  readonly #clients = new BoundedMap<PartyId, { readonly serial: string; readonly client: PkgClient }>(KEPT_CLIENTS);

  constructor(
    private readonly context: AgentContext,
    private readonly keyring: Keyring,
  ) {}

  /** @throws PatientApiError `patient-api/not-enrolled` as long as the PKG has not certified the party */
  async enrolled(partyId: PartyId): Promise<EnrolledParty> {
    const [row] = await this.context.database.queries.select().from(parties).where(eq(parties.partyId, partyId));
    if (row?.certificate == null) throw new PatientApiError('patient-api/not-enrolled', 'the enrolment with the PKG is not done yet');
    const { role, enrolmentId, certificate } = row;
    return { partyId, role, enrolmentId, certificate, eCert: this.#verify(certificate) };
  }

  /** Idempotent: enrols where that is not done, or was too long ago; renews where the certificate is about to end. */
  async ensure(partyId: PartyId): Promise<EnrolledParty> {
    return this.#queue.run(partyId, async () => {
      const [row] = await this.context.database.queries.select().from(parties).where(eq(parties.partyId, partyId));
      if (row === undefined) throw new PatientApiError('patient-api/not-enrolled', 'the party is not known');
      const leftMs = (row.certificateNotAfterMs ?? 0) - this.context.clock();
      if (row.certificate === null || leftMs <= 0) await this.#enrol(partyId, row);
      else if (leftMs < RENEW_BEFORE_MS) await this.#renew(await this.enrolled(partyId));
      return this.enrolled(partyId);
    });
  }

  /** The PKG under the party's own E-Cert. */
  async client(party: EnrolledParty): Promise<PkgClient> {
    const known = this.#clients.get(party.partyId);
    if (known?.serial === party.eCert.serial) return known.client;
    const { settings, clock, random } = this.context;
    const { enrolment: key } = await this.keyring.of(party.partyId);
    const credential = { kind: 'enrolment' as const, certificate: party.certificate };
    const token = assertionTokens(settings.pkgUrl, PKG_AUDIENCE, { key, credential, subject: party.enrolmentId }, { clock, random });
    const client = new PkgClient(new HttpClient({ baseUrl: settings.pkgUrl, token }));
    this.#clients.set(party.partyId, { serial: party.eCert.serial, client });
    return client;
  }

  async #enrol(partyId: PartyId, row: typeof parties.$inferSelect): Promise<void> {
    const { sealer, settings } = this.context;
    const pending: PendingEnrolment = row.enrolmentRequest === null
      ? await this.#prepare(partyId, row)
      : pendingSchema.parse(decodeCanonical(sealer.open(place(partyId), row.enrolmentRequest)));
    // The one-time token is the credential.
    const pkg = new PkgClient(new HttpClient({ baseUrl: settings.pkgUrl }));
    const answer = await this.#ask(partyId, () => pkg.enrol({ token: toBase64Url(pending.token), request: toBase64Url(pending.request) }));
    await this.#accept(partyId, answer);
  }

  /** Written down before it is sent, so that the token is not lost with an answer. */
  async #prepare(partyId: PartyId, row: typeof parties.$inferSelect): Promise<PendingEnrolment> {
    const token = await this.#token(partyId, row.enrolmentId);
    const request = await this.#request(partyId, row, { kind: 'token', tokenDigest: enrolmentTokenDigest(token) });
    const { sealer, database } = this.context;
    const enrolmentRequest = sealer.seal(place(partyId), encodeCanonical({ token, request }));
    await database.queries.update(parties).set({ enrolmentRequest }).where(eq(parties.partyId, partyId));
    return { token, request };
  }

  async #token(partyId: PartyId, enrolmentId: string): Promise<Uint8Array> {
    if (partyId !== HOSPITAL) {
      const pkg = await this.client(await this.enrolled(HOSPITAL));
      return fromBase64Url((await pkg.createEnrolmentToken('patient', enrolmentId)).token);
    }
    const token = this.context.settings.hospital.enrolmentToken;
    if (token === undefined) throw new PatientApiError('patient-api/not-enrolled', 'the hospital needs an enrolment token of the PKG (hospital.enrolmentToken)');
    return fromBase64Url(token);
  }

  async #request(partyId: PartyId, row: Pick<EnrolledParty, 'role' | 'enrolmentId'>, authority: EnrolmentRequest['authority'], renewed = false): Promise<Uint8Array> {
    const keys = await this.keyring.of(partyId);
    const { chainId, clock } = this.context;
    const request: EnrolmentRequest = {
      version: 1,
      chainId,
      enrolmentId: row.enrolmentId,
      role: row.role,
      publicKey: keys.enrolment.publicKey,
      hpkePublicKey: (await hpkeKeyPairFromSeed(keys.hpkeSeed)).publicKey,
      // Patients, and only they, have a subject.
      subjectCommitment: row.role === 'patient' ? fieldToBytes(subjectOf(keys.idSecret)) : null,
      requestedAtMs: clock(),
      authority,
    };
    return createEnrolmentRequest(request, keys.enrolment, renewed ? keys.enrolment : null);
  }

  /** A request that the PKG finds too old was never granted: the next attempt makes a new one. */
  async #ask(partyId: PartyId, send: () => Promise<pkgApi.Enrolment>): Promise<pkgApi.Enrolment> {
    try {
      return await send();
    } catch (error) {
      const code: unknown = error instanceof Error && 'code' in error ? error.code : undefined;
      if (code === 'pkg/stale-request' || code === 'pkg/token-expired' || code === 'pkg/unknown-token') {
        await this.context.database.queries.update(parties).set({ enrolmentRequest: null }).where(eq(parties.partyId, partyId));
      }
      throw error;
    }
  }

  async #renew(party: EnrolledParty): Promise<void> {
    const request = await this.#request(party.partyId, party, { kind: 'renewal', serial: party.eCert.serial }, true);
    const pkg = await this.client(party);
    await this.#accept(party.partyId, await pkg.renew({ request: toBase64Url(request), certificate: toBase64Url(party.certificate) }));
  }

  /** The holder's own check: the pinned authority, and the keys that were asked for. */
  async #accept(partyId: PartyId, answer: pkgApi.Enrolment): Promise<void> {
    const certificate = fromBase64Url(answer.certificate);
    const eCert = this.#verify(certificate);
    const [wanted] = await this.context.database.queries.select().from(parties).where(eq(parties.partyId, partyId));
    const { enrolment, idSecret } = await this.keyring.of(partyId);
    const subject = wanted?.role === 'patient' ? fieldToBytes(subjectOf(idSecret)) : new Uint8Array();
    const isWanted = eCert.enrolmentId === wanted?.enrolmentId && eCert.role === wanted.role
      && equalBytes(eCert.publicKey, enrolment.publicKey) && equalBytes(eCert.subjectCommitment ?? new Uint8Array(), subject);
    if (!isWanted) throw new PatientApiError('patient-api/not-enrolled', 'the PKG certified something else than was asked for');
    await this.context.database.queries
      .update(parties)
      .set({ certificate, certificateNotAfterMs: eCert.notAfterMs, enrolmentRequest: null })
      .where(eq(parties.partyId, partyId));
  }

  #verify(certificate: Uint8Array): ECert {
    return verifyECert(certificate, fromBase64Url(this.context.network.caCertificate), this.context.clock());
  }
}

const place = (partyId: PartyId): string => `enrolment request of ${partyId}`;
