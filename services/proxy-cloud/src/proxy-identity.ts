import type { proxyApi } from '@medveil/client';

/** Who this proxy is; the ledger pins the same account and key, and an agent compares. */
export class ProxyIdentity {
  constructor(readonly parameters: proxyApi.ProxyParameters) {}
}
