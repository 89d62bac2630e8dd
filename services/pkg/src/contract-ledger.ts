import { ContractClient, type CursorStore, HttpClient, LedgerAccess, LedgerFollower, type TokenSource } from '@medveil/client';
import type { Database } from '@medveil/database';
import { assertionTokens } from '@medveil/host';
import { CLOCK_SKEW_MS, issueECert } from '@medveil/identity';
import type { ServiceLog } from '@medveil/service-kit';
import { eq } from 'drizzle-orm';
import type { PkgContext } from './context.js';
import type { LedgerConnection } from './ledger-port.js';
import { ledgerCursor, ONLY } from './tables.js';

/** The name under which the contract service takes assertions. */
const CONTRACT_AUDIENCE = 'contract';
/** The PKG's own enrolment: the authority vouches for its ledger account. */
const OWN_ENROLMENT = 'pkg';
const OWN_CERT_LIFETIME_MS = 24 * 3_600_000;

/** The ledger by way of the contract service, which is not believed: see LedgerFollower and LedgerAccess. */
export async function connectContract(
  context: Pick<PkgContext, 'settings' | 'keys' | 'database' | 'clock' | 'random'>,
  genesis: Uint8Array,
  log: ServiceLog,
): Promise<LedgerConnection> {
  const { settings, keys, database, clock } = context;
  const contract = new ContractClient(new HttpClient({ baseUrl: settings.contractUrl, token: ownTokens(context) }));
  const follower = new LedgerFollower({
    genesis,
    contract,
    cursor: databaseCursor(database),
    handle: async () => undefined,
    onError: (error) => log.error('ledger-not-followed', error),
  });
  const access = new LedgerAccess(follower, contract, clock);
  await follower.start();
  return {
    readState: (key) => access.readState(key),
    execute: async (body, signal) => void (await access.execute({ account: keys.account }, body, signal)),
    close: () => follower.stop(),
  };
}

/** Access tokens for an E-Cert of the PKG's own, made anew each day. */
function ownTokens({ settings, keys, clock, random }: Pick<PkgContext, 'settings' | 'keys' | 'clock' | 'random'>): TokenSource {
  let held: { readonly source: TokenSource; readonly renewAtMs: number } | undefined;
  return async (options) => {
    const nowMs = clock();
    if (held === undefined || nowMs >= held.renewAtMs) {
      const subject = { enrolmentId: OWN_ENROLMENT, role: 'pkg', publicKey: keys.account.publicKey } as const;
      const validity = { notBeforeMs: nowMs - CLOCK_SKEW_MS, notAfterMs: nowMs + OWN_CERT_LIFETIME_MS };
      const certificate = await issueECert({ subject, authority: keys.authority, ...validity }, random);
      const client = { key: keys.account, credential: { kind: 'enrolment' as const, certificate }, subject: OWN_ENROLMENT };
      held = { source: assertionTokens(settings.contractUrl, CONTRACT_AUDIENCE, client, { clock, random }), renewAtMs: nowMs + OWN_CERT_LIFETIME_MS / 2 };
    }
    return held.source(options);
  };
}

function databaseCursor(database: Database): CursorStore {
  return {
    load: async () => {
      const [row] = await database.queries.select().from(ledgerCursor).where(eq(ledgerCursor.id, ONLY));
      return row === undefined ? null : { height: row.height, hash: row.hash };
    },
    save: async ({ height, hash }) => {
      await database.queries
        .insert(ledgerCursor)
        .values({ id: ONLY, height, hash })
        .onConflictDoUpdate({ target: ledgerCursor.id, set: { height, hash } });
    },
  };
}
