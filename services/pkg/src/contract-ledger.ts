import { ContractClient, HttpClient, LedgerAccess, LedgerFollower } from '@medveil/client';
import { LedgerCursor, measureFollower, partyTokenSource } from '@medveil/host';
import { signingKeyFromSeed } from '@medveil/identity';
import type { PkgContext } from './context.js';
import type { LedgerConnection } from './ledger-port.js';
import type { Measured } from './start.js';

/** The contract service takes tokens signed with the PKG's message key, which the network description names. */
const TOKEN = { scopes: ['ledger:read', 'transactions:submit'], audience: 'contract' } as const;

/** The ledger by way of the contract service, which is not believed: see LedgerFollower and LedgerAccess. */
export async function connectContract(
  context: Pick<PkgContext, 'settings' | 'keys' | 'database' | 'clock' | 'random'>,
  genesis: Uint8Array,
  { log, metrics }: Measured,
): Promise<LedgerConnection> {
  const { settings, keys, database, clock, random } = context;
  const token = partyTokenSource('pkg', signingKeyFromSeed(keys.messageSeed), TOKEN, { clock, random });
  const contract = new ContractClient(new HttpClient({ baseUrl: settings.contractUrl, token, propagate: true }));
  const measured = measureFollower(metrics, () => follower);
  const follower: LedgerFollower = new LedgerFollower({
    genesis,
    contract,
    cursor: new LedgerCursor(database),
    handle: async () => undefined,
    onError: (error) => {
      measured.failed(error);
      log.error('ledger-not-followed', error);
    },
  });
  const access = new LedgerAccess(follower, contract, clock);
  await follower.start();
  return {
    readState: (key) => access.readState(key),
    execute: async (body, signal) => void (await access.execute({ account: keys.account }, body, signal)),
    close: () => follower.stop(),
  };
}
