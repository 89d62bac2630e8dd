import { delay } from '@medveil/client';
import { type IssuerKey, issuerKeyFromSeed } from '@medveil/eligibility';
import { isCodedError, toBase64Url } from '@medveil/encoding';
import { createIssuerRequest } from '@medveil/identity';
import type { AgentContext } from '../agent.js';
import { PatientApiError } from '../errors.js';
import { HOSPITAL, parties } from '../tables.js';
import type { Enrolments } from './enrolments.js';
import type { Keyring } from './keyring.js';
import type { Pseudonyms } from './pseudonyms.js';

const FIRST_BACKOFF_MS = 250;
const LONGEST_BACKOFF_MS = 5_000;

type Step = 'enrolment' | 'pseudonym' | 'ledger' | 'accreditation' | 'done';

/**
 * The hospital's own place in the network: enrolled, able to read the ledger, its attestation key accredited. Worked off in
 * the background at every start; each step is idempotent, so that a start goes on where the last one ended.
 */
export class Hospital {
  readonly #stop = new AbortController();
  #running: Promise<void> | undefined;
  #step: Step = 'enrolment';

  constructor(
    private readonly context: AgentContext,
    private readonly keyring: Keyring,
    private readonly enrolments: Enrolments,
    private readonly pseudonyms: Pseudonyms,
  ) {}

  /** With which this hospital attests records; it derives from the hospital's seed. */
  async attestationKey(): Promise<IssuerKey> {
    return issuerKeyFromSeed((await this.keyring.of(HOSPITAL)).secret('attestation-key', 0));
  }

  /** @param follow begins to follow the ledger once that is possible */
  start(follow: () => Promise<void>): void {
    this.#running ??= this.#setUp(follow);
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#running;
  }

  /** @throws PatientApiError `patient-api/not-ready` until everything is in place */
  async check(): Promise<void> {
    if (this.#step !== 'done') throw new PatientApiError('patient-api/not-ready', `the hospital's ${this.#step} is not done yet`, { step: this.#step });
  }

  async #setUp(follow: () => Promise<void>): Promise<void> {
    await this.#until('enrolment', () => this.#enrol());
    await this.#until('pseudonym', () => this.pseudonyms.ensure(HOSPITAL, 1, 1));
    await this.#until('ledger', follow);
    await this.#until('accreditation', () => this.#accredit());
    if (this.#stop.signal.aborted) return;
    this.#step = 'done';
    this.context.log.info('hospital-ready');
  }

  async #enrol(): Promise<void> {
    const { database, settings } = this.context;
    await this.keyring.create(HOSPITAL);
    await database.queries.insert(parties).values({ partyId: HOSPITAL, role: 'hospital', enrolmentId: settings.hospital.enrolmentId }).onConflictDoNothing();
    await this.enrolments.ensure(HOSPITAL);
  }

  async #accredit(): Promise<void> {
    const party = await this.enrolments.ensure(HOSPITAL);
    const pkg = await this.enrolments.client(party);
    const { publicKey } = await this.attestationKey();
    const { enrolment } = await this.keyring.of(HOSPITAL);
    const { chainId, clock } = this.context;
    const request = createIssuerRequest(
      { version: 1, chainId, kind: 'hospital', ax: publicKey.subarray(0, 32), ay: publicKey.subarray(32), requestedAtMs: clock() },
      enrolment,
    );
    const { onLedger } = await pkg.accreditIssuer({ request: toBase64Url(request), certificate: toBase64Url(party.certificate) });
    if (!onLedger) throw new PatientApiError('patient-api/not-ready', 'the ledger has no root with this hospital yet');
  }

  /** Tries a step until it is done or the service stops. */
  async #until(step: Step, work: () => Promise<unknown>): Promise<void> {
    let backoffMs = FIRST_BACKOFF_MS;
    this.#step = step;
    while (!this.#stop.signal.aborted) {
      try {
        await work();
        return;
      } catch (error) {
        this.context.log.warn('hospital-set-up-waits', { state: step, code: isCodedError(error) ? error.code : 'unexpected' });
        if (!isCodedError(error)) this.context.log.error('hospital-set-up-failed', error);
        await delay(backoffMs, this.#stop.signal).catch(() => undefined);
        backoffMs = Math.min(2 * backoffMs, LONGEST_BACKOFF_MS);
      }
    }
  }
}
