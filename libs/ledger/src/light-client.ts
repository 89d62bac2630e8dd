import { type CborValue, decodeCanonical, equalBytes, type Id } from '@medveil/encoding';
import type { BlockHeader } from './block.js';
import { requireCertified } from './certificate.js';
import { requireLink } from './chain-rules.js';
import { LedgerError } from './errors.js';
import { type Genesis, loadGenesis } from './genesis.js';
import { verifyMerkleList } from './merkle-list.js';
import type { CertifiedHeader, ReceiptProof, ReplicaSetChange, StateProof, TransactionProof } from './proof-bundles.js';
import { decodeReceipt, type Receipt, receiptDigest, transactionDigest, transactionIdOf } from './receipt.js';
import { type ReplicaSet, replicaSetHash } from './replica-set.js';
import { verifyStateTreeProof } from './state-proof.js';

/** The heights that one replica set certifies. */
interface Epoch {
  readonly fromHeight: number;
  /** Last height, once a change that ends the epoch is known. */
  readonly untilHeight: number;
  readonly replicaSet: ReplicaSet;
  readonly hash: Uint8Array;
}

/** How old an answer may be. A valid proof of a past state is still a proof: freshness is the caller's question. */
export interface Freshness {
  /** Lowest height of the header that proves. */
  readonly notBelowHeight?: number;
  /** Earliest time of that header, UTC ms. */
  readonly notBeforeMs?: number;
}

export interface VerifiedState {
  readonly key: string;
  /** Undefined: the key is absent. */
  readonly value: CborValue | undefined;
  /** The state after this block. */
  readonly height: number;
  /** Time of the header that proves it, UTC ms. */
  readonly timeMs: number;
}

export interface VerifiedTransaction {
  readonly transactionId: Id<'txn'>;
  readonly transaction: Uint8Array;
  readonly height: number;
  readonly index: number;
  readonly timeMs: number;
}

/**
 * Believes the genesis document and nothing else. A header counts if a quorum of the replica set of its height
 * signed it; the sets are followed from the genesis set through `follow`, without the headers between the changes.
 *
 * That rests on fewer than a third of the members of every set, past ones included, ever signing what is not the
 * chain: a quorum of a *former* set could sign headers for a client that has not heard of the change. A client that
 * has followed the change refuses them.
 *
 * Immutable: `follow` returns the client that knows more.
 */
export class LightClient {
  private constructor(
    private readonly genesis: Genesis,
    private readonly epochs: readonly [Epoch, ...Epoch[]],
  ) {}

  /** @throws LedgerError as `loadGenesis` */
  static fromGenesis(genesisBytes: Uint8Array): LightClient {
    const genesis = loadGenesis(genesisBytes);
    return new LightClient(genesis, [epochFrom(1, genesis.document.replicaSet)]);
  }

  get chainId(): string {
    return this.genesis.document.chainId;
  }

  /** headerHash of block 0. */
  get genesisHash(): Uint8Array {
    return this.genesis.hash;
  }

  /** The newest replica set this client knows, and the first height it certifies. */
  get currentSet(): { readonly fromHeight: number; readonly replicaSet: ReplicaSet } {
    const { fromHeight, replicaSet } = this.epochs.at(-1) as Epoch;
    return { fromHeight, replicaSet };
  }

  /**
   * Learns the next replica set from the header that names it. Changes come in the chain's order, none left out;
   * one that is known already changes nothing.
   * @throws LedgerError `ledger/bad-certificate`, `ledger/wrong-chain`, `ledger/bad-proof` (not the set that is named)
   */
  follow(change: ReplicaSetChange): LightClient {
    const { certified, replicaSet } = change;
    const { header } = certified;
    this.verifyHeader(certified);
    const hash = replicaSetHash(replicaSet);
    if (!equalBytes(hash, header.replicaSetHash)) throw badProof('the header names another replica set');
    const certifier = this.#epochAt(header.height);
    if (equalBytes(hash, certifier.hash)) return this;
    const last = this.epochs.at(-1) as Epoch;
    if (certifier !== last) return this.#requireKnown(header, certifier);
    const ended: Epoch = { ...last, untilHeight: header.height };
    const [first, ...rest] = [...this.epochs.slice(0, -1), ended, epochFrom(header.height + 1, replicaSet)];
    return new LightClient(this.genesis, [first, ...rest]);
  }

  /**
   * @returns the header, now believed
   * @throws LedgerError `ledger/wrong-chain`, `ledger/bad-certificate`, `ledger/stale-proof`
   */
  verifyHeader({ header, certificate }: CertifiedHeader, freshness: Freshness = {}): BlockHeader {
    if (header.chainId !== this.chainId) throw new LedgerError('ledger/wrong-chain', 'the header is of another chain');
    if (header.height < 1) throw badProof('only the genesis document speaks for block 0');
    const { fromHeight, replicaSet } = this.#epochAt(header.height);
    requireCertified(header, certificate, { epoch: fromHeight, replicaSet });
    requireFresh(header, freshness);
    return header;
  }

  /**
   * Verifies consecutive headers, links and times included. The first may be of any height of an epoch that is
   * known; block 1 must follow the genesis block.
   * @param replicaSets sets that headers of this run newly name, in order
   * @returns the client that knows them
   * @throws LedgerError as `verifyHeader` and `follow`; `ledger/wrong-link`, `ledger/wrong-height`, `ledger/wrong-time`;
   *   `ledger/replica-set-unknown` where a named set is not given
   */
  verifyHeaders(headers: readonly CertifiedHeader[], replicaSets: readonly ReplicaSet[] = []): LightClient {
    const sets = [...replicaSets];
    return headers.reduce<LightClient>((client, certified, index) => {
      const previous = certified.header.height === 1 ? this.genesis.block.header : headers[index - 1]?.header;
      if (previous !== undefined) requireLink(previous, certified.header);
      return client.#verifyNext(certified, sets);
    }, this);
  }

  /** @throws LedgerError as `verifyHeader`; `ledger/bad-proof` */
  verifyState(bundle: StateProof, freshness: Freshness = {}): VerifiedState {
    const header = this.verifyHeader(bundle.certified, freshness);
    if (!verifyStateTreeProof(header.stateRoot, bundle.key, bundle.value, bundle.proof)) {
      throw badProof('the state root does not hold this entry');
    }
    const value = bundle.value === null ? undefined : decodeCanonical(bundle.value);
    return { key: bundle.key, value, height: header.height - 1, timeMs: header.timeMs };
  }

  /** @throws LedgerError as `verifyHeader`; `ledger/bad-proof`, `ledger/malformed` */
  verifyReceipt(bundle: ReceiptProof, freshness: Freshness = {}): Receipt {
    const header = this.verifyHeader(bundle.certified, freshness);
    if (!verifyMerkleList(header.receiptsRoot, receiptDigest(bundle.receipt), bundle.proof)) {
      throw badProof('the receipts root does not hold this receipt');
    }
    const receipt = decodeReceipt(bundle.receipt);
    if (receipt.height !== header.height - 1 || receipt.index !== bundle.proof.position - 1) {
      throw badProof('the receipt is of another place');
    }
    return receipt;
  }

  /** @throws LedgerError as `verifyHeader`; `ledger/bad-proof` */
  verifyTransaction(bundle: TransactionProof, freshness: Freshness = {}): VerifiedTransaction {
    const header = this.verifyHeader(bundle.certified, freshness);
    const { transaction, proof } = bundle;
    if (!verifyMerkleList(header.transactionsRoot, transactionDigest(transaction), proof)) {
      throw badProof('the transactions root does not hold this transaction');
    }
    const { height, timeMs } = header;
    return { transactionId: transactionIdOf(transaction), transaction, height, index: proof.position, timeMs };
  }

  #verifyNext(certified: CertifiedHeader, sets: ReplicaSet[]): LightClient {
    const { height } = this.verifyHeader(certified);
    if (this.#namesKnownSet(certified.header)) return this;
    const replicaSet = sets.shift();
    if (replicaSet !== undefined) return this.follow({ certified, replicaSet });
    throw new LedgerError('ledger/replica-set-unknown', 'a header names a set that is not given', { height });
  }

  #epochAt(height: number): Epoch {
    const epoch = this.epochs.findLast((candidate) => candidate.fromHeight <= height);
    return epoch ?? this.epochs[0];
  }

  #namesKnownSet(header: BlockHeader): boolean {
    return equalBytes(this.#epochAt(header.height + 1).hash, header.replicaSetHash);
  }

  /** A change that ends a past epoch must be the one that was followed. */
  #requireKnown(header: BlockHeader, ended: Epoch): LightClient {
    if (ended.untilHeight !== header.height || !this.#namesKnownSet(header)) {
      throw badProof('contradicts a change of the replica set that is already known');
    }
    return this;
  }
}

const epochFrom = (fromHeight: number, replicaSet: ReplicaSet): Epoch => ({
  fromHeight,
  untilHeight: Number.POSITIVE_INFINITY,
  replicaSet,
  hash: replicaSetHash(replicaSet),
});

const badProof = (message: string): LedgerError => new LedgerError('ledger/bad-proof', message);

function requireFresh(header: BlockHeader, { notBelowHeight = 0, notBeforeMs = 0 }: Freshness): void {
  if (header.height >= notBelowHeight && header.timeMs >= notBeforeMs) return;
  throw new LedgerError('ledger/stale-proof', 'the proof is older than asked for', {
    height: header.height,
    timeMs: header.timeMs,
    notBelowHeight,
    notBeforeMs,
  });
}
