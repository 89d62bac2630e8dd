import { readVerificationKeys } from '@medveil/agreements';
import { toHex } from '@medveil/encoding';
import type { Network } from '@medveil/host';
import type { Ledger } from '@medveil/ledger';

/** The verification keys that the ledger pins, with the keys themselves from the network's description. */
export class Circuits {
  constructor(
    private readonly ledger: Ledger,
    private readonly network: Network,
  ) {}

  list() {
    const items = readVerificationKeys(this.ledger.view()).map(({ instance, hash, development }) => ({
      instance,
      verificationKeyHash: toHex(hash),
      verificationKey: this.network.verificationKeys[instance] ?? '',
      development,
    }));
    return { items };
  }
}
