import type { pkgApi } from '@medveil/client';
import { toHex } from '@medveil/encoding';
import type { Network } from '@medveil/host';
import type { Genesis } from '@medveil/ledger';
import type { PkgSettings } from './settings.js';

/** What Setup made public (docs/scheme.md, section 2, phase 1). The re-encryption scheme's own generators are constants. */
export class PublicParameters {
  readonly value: pkgApi.Parameters;

  constructor({ chainId, caCertificate, pkgPublicKey, opening, epochs }: Network, genesis: Genesis, settings: PkgSettings) {
    this.value = {
      chainId,
      genesisHash: toHex(genesis.hash),
      caCertificate,
      pkgPublicKey,
      opening: {
        auditorThreshold: opening.auditors.threshold,
        auditors: opening.auditors.members,
        replicaThreshold: opening.replicas.threshold,
        replicas: opening.replicas.members,
      },
      tCertEpochMs: epochs.epochMs,
      tCertLifetimeEpochs: epochs.lifetimeEpochs,
      maxTCertsPerBatch: settings.maxTCertsPerBatch,
      maxTCertsPerEpoch: settings.maxTCertsPerEpoch,
    };
  }
}
