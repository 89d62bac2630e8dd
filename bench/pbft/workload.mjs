/** Transactions of the benchmark: records registered by accounts that the ledger knows, about 1 KB and two state writes each. */
import { randomBytes } from 'node:crypto';
import { buildTransaction } from '@medveil/agreements';
import { toBase64Url } from '@medveil/encoding';
import { accountId, signingKeyFromSeed } from '@medveil/identity';

const VALID_MS = 50 * 60_000;
const PARTS = ['demographics', 'vital-signs', 'laboratory', 'conditions'];
const bytes = (length) => new Uint8Array(randomBytes(length));

/** Accounts for the genesis state, and who may sign for them. */
export class Accounts {
  #keys;
  #nonces;
  #taken = 0;

  constructor(keys) {
    this.#keys = keys;
    this.#nonces = keys.map(() => 0);
  }

  static create(count) {
    return new Accounts(Array.from({ length: count }, () => signingKeyFromSeed(bytes(32))));
  }

  /** So many that nobody has used: what is signed and not sent in one measurement must not hold up another's nonces. */
  take(count) {
    const keys = this.#keys.slice(this.#taken, this.#taken + count);
    if (keys.length < count) throw new RangeError('no accounts are left');
    this.#taken += count;
    return new Accounts(keys);
  }

  /** As the state table of accounts has them (libs/agreements, state.ts): registered patients with an owner key. */
  genesisEntries(nowMs) {
    return this.#keys.map(({ publicKey }) => ({
      key: `account/${accountId(publicKey)}`,
      value: {
        publicKey, role: 'patient', nonce: 0, balance: 0, registeredAtMs: nowMs, revokedAtMs: null,
        certificate: { serial: bytes(16), ownerKey: bytes(49), notAfterMs: nowMs + 365 * 86_400_000 },
      },
    }));
  }

  /** The next transaction of one account. */
  sign(index, chainId) {
    const nonce = this.#nonces[index];
    this.#nonces[index] += 1;
    const { transactionId, bytes: signed } = buildTransaction({
      chainId, account: this.#keys[index], nonce, validUntilMs: Date.now() + VALID_MS,
      body: { type: 'register-record', record: Uint8Array.from([0, ...bytes(31)]), parts: PARTS.map((part) => ({ part, version: 1, capsule: bytes(81), bodyDigest: bytes(32), bodyBytes: 65_536 })) },
    });
    return { id: transactionId, text: toBase64Url(signed), size: signed.length };
  }

  /** `count` transactions for each of `groups` groups of accounts, in an order in which every account's nonces ascend. */
  signGroups(count, groups, chainId) {
    return Array.from({ length: groups }, (_, group) => {
      const members = this.#keys.map((_key, index) => index).filter((index) => index % groups === group);
      return Array.from({ length: count }, (_each, number) => this.sign(members[number % members.length], chainId));
    });
  }
}
