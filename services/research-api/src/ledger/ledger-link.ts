import { ContractClient, HttpClient, LedgerAccess, LedgerFollower, type TokenSource, type VerifiedBlock } from '@medveil/client';
import type { Database } from '@medveil/database';
import type { Clock, RandomBytes } from '@medveil/encoding';
import { isCodedError } from '@medveil/encoding';
import { assertionTokens, LedgerCursor, measureFollower } from '@medveil/host';
import type { ServiceLog, ServiceMetrics } from '@medveil/service-kit';
import { ResearchApiError } from '../errors.js';
import type { InstitutionSecrets } from '../institutions/institution-keys.js';
import type { InstitutionStore } from '../institutions/institution-store.js';
import type { InstitutionRow } from '../tables.js';

/** The names under which the services take assertions. */
export type Audience = 'contract' | 'pkg' | 'proxy-cloud';

export interface LedgerLinkOptions {
  readonly genesis: Uint8Array;
  readonly contractUrl: string;
  readonly evidenceUrls: readonly string[];
  readonly database: Database;
  readonly institutions: InstitutionStore;
  readonly credentials: Credentials;
  readonly handle: (block: VerifiedBlock) => Promise<void>;
  readonly clock: Clock;
  readonly log: ServiceLog;
  readonly metrics: ServiceMetrics;
}

/**
 * The agent's one way to the ledger, with the E-Cert of its first institution: until there is one, nobody would
 * serve it, and it waits. Transactions sign for themselves, so the others' go the same way.
 */
export class LedgerLink {
  readonly #options: LedgerLinkOptions;
  readonly #follower: LedgerFollower;
  readonly #access: LedgerAccess;
  readonly contract: ContractClient;
  /** where evidence is brought to */
  readonly evidenceFronts: readonly Pick<ContractClient, 'putEvidence'>[];
  #started: Promise<void> | undefined;

  constructor(options: LedgerLinkOptions) {
    this.#options = options;
    const { contractUrl, evidenceUrls, genesis, database, clock, log, metrics } = options;
    const measured = measureFollower(metrics, () => this.#follower);
    const frontAt = (baseUrl: string) => new ContractClient(new HttpClient({ baseUrl, token: this.#firstInstitution(baseUrl) }));
    this.contract = frontAt(contractUrl);
    this.evidenceFronts = [this.contract, ...evidenceUrls.map(frontAt)];
    this.#follower = new LedgerFollower({
      genesis,
      contract: this.contract,
      cursor: new LedgerCursor(database),
      handle: options.handle,
      onError: (error) => {
        measured.failed(error);
        log.warn('ledger-not-followed', { code: isCodedError(error) ? error.code : 'unexpected' });
      },
    });
    this.#access = new LedgerAccess(this.#follower, this.contract, clock);
  }

  /** Begins to follow once an institution has its E-Cert; called again, it changes nothing. */
  async connect(): Promise<void> {
    const [first] = await this.#options.institutions.enrolled();
    if (first !== undefined) await (this.#started ??= this.#follower.start());
  }

  get isConnected(): boolean {
    return this.#started !== undefined;
  }

  /** @throws ResearchApiError `research-api/not-connected` while no institution is enrolled */
  get access(): LedgerAccess {
    if (!this.isConnected) throw new ResearchApiError('research-api/not-connected', 'no institution is enrolled yet, so the ledger cannot be read');
    return this.#access;
  }

  get height(): number {
    return this.#follower.height;
  }

  async stop(): Promise<void> {
    await this.#started?.catch(() => undefined);
    await this.#follower.stop();
  }

  #firstInstitution(baseUrl: string): TokenSource {
    return async (options) => {
      const [first] = await this.#options.institutions.enrolled();
      if (first === undefined) throw new ResearchApiError('research-api/not-connected', 'no institution is enrolled yet');
      return this.#options.credentials.source(first, 'contract', baseUrl)(options);
    };
  }
}

/** Access tokens against the institutions' E-Certs, one source for each institution, service, address and certificate. */
export class Credentials {
  readonly #sources = new Map<string, { readonly certificate: Uint8Array; readonly source: TokenSource }>();

  constructor(
    private readonly secrets: InstitutionSecrets,
    private readonly ports: { readonly clock: Clock; readonly random: RandomBytes },
  ) {}

  /** @throws ResearchApiError `research-api/not-connected` where the institution has no E-Cert yet */
  source({ institutionId, enrolmentId, certificate }: InstitutionRow, audience: Audience, baseUrl: string): TokenSource {
    if (certificate === null) throw new ResearchApiError('research-api/not-connected', 'the institution is not enrolled yet');
    const name = `${institutionId} ${audience} ${baseUrl}`;
    const kept = this.#sources.get(name);
    if (kept !== undefined && Buffer.compare(kept.certificate, certificate) === 0) return kept.source;
    let inner: Promise<TokenSource> | undefined;
    const source: TokenSource = async (options) => {
      inner ??= this.secrets.account(institutionId).then((key) =>
        assertionTokens(baseUrl, audience, { key, credential: { kind: 'enrolment', certificate }, subject: enrolmentId }, this.ports));
      return (await inner)(options);
    };
    this.#sources.set(name, { certificate, source });
    return source;
  }
}
