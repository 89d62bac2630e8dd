import { type CborValue, digest, encodeCanonical, timeMsSchema } from '@medveil/encoding';
import { z } from 'zod';
import { type Block, BLOCK_VERSION, headerHash } from './block.js';
import { decodeWith } from './codec.js';
import { LEDGER_LIMITS } from './limits.js';
import { merkleListRoot } from './merkle-list.js';
import { type ReplicaSet, replicaSetHash, replicaSetSchema, replicaSetValue } from './replica-set.js';
import { StateTree } from './state-tree.js';
import { PARAMETERS_KEY, REPLICA_SET_KEY, requireStateKey } from './state-view.js';

/**
 * The document a chain grows from. Its bytes are all that a light client needs to trust.
 * The initial state is `state` plus the replica set and the parameters under their keys.
 */
export interface GenesisDocument {
  readonly version: 1;
  /** 1 to 64 of letters, digits, `.`, `_`, `-`; signed into every transaction and certificate. */
  readonly chainId: string;
  /** UTC ms. */
  readonly timeMs: number;
  /** Certifies block 1. */
  readonly replicaSet: ReplicaSet;
  /** Owned by the state machine, opaque here; readable in the state under `PARAMETERS_KEY`. */
  readonly parameters: CborValue;
  /** In ascending key order, no key twice, none under `ledger/`. */
  readonly state: readonly { readonly key: string; readonly value: CborValue }[];
}

/** A genesis document with what follows from it. */
export interface Genesis {
  readonly document: GenesisDocument;
  readonly bytes: Uint8Array;
  /** Block 0: no transactions, no certificate. */
  readonly block: Block;
  /** headerHash of block 0: the chain's trust anchor in 32 bytes. */
  readonly hash: Uint8Array;
  /** Every entry of the initial state, canonical values, in ascending key order. */
  readonly entries: readonly (readonly [key: string, value: Uint8Array])[];
}

const opaque = z.custom<CborValue>((value) => value !== undefined, { error: 'is missing' });

const genesisSchema: z.ZodType<GenesisDocument> = z.strictObject({
  version: z.literal(1),
  chainId: z.string().regex(/^[A-Za-z0-9._-]+$/).max(LEDGER_LIMITS.nameLength),
  timeMs: timeMsSchema,
  replicaSet: replicaSetSchema,
  parameters: opaque,
  state: z
    .array(z.strictObject({ key: z.string(), value: opaque }))
    .refine((entries) => entries.every(({ key }) => !key.startsWith('ledger/')), { error: '`ledger/` is reserved' })
    .refine((entries) => entries.every(({ key }, index) => index === 0 || (entries[index - 1]?.key ?? '') < key), {
      error: 'keys must ascend',
    }),
});

/** Sorts the initial state and encodes the document. @throws as `loadGenesis` */
export function createGenesis(document: GenesisDocument): Genesis {
  const state = document.state.toSorted((a, b) => (a.key < b.key ? -1 : 1)).map(({ key, value }) => ({ key, value }));
  return loadGenesis(encodeCanonical({ ...document, replicaSet: replicaSetValue(document.replicaSet), state }));
}

/** @throws LedgerError `ledger/malformed`, `ledger/too-large`, `ledger/bad-key` */
export function loadGenesis(bytes: Uint8Array): Genesis {
  const document = decodeWith(genesisSchema, bytes, 'genesis', LEDGER_LIMITS.genesisBytes);
  for (const { key } of document.state) requireStateKey(key);
  const entries = [
    ...document.state,
    { key: REPLICA_SET_KEY, value: replicaSetValue(document.replicaSet) },
    { key: PARAMETERS_KEY, value: document.parameters },
  ]
    .toSorted((a, b) => (a.key < b.key ? -1 : 1))
    .map(({ key, value }) => [key, encodeCanonical(value)] as const);
  const block = genesisBlock(document, bytes, StateTree.from(entries).root);
  return { document, bytes, block, hash: headerHash(block.header), entries };
}

function genesisBlock(document: GenesisDocument, bytes: Uint8Array, stateRoot: Uint8Array): Block {
  const empty = merkleListRoot([]);
  return {
    transactions: [],
    header: {
      version: BLOCK_VERSION,
      chainId: document.chainId,
      height: 0,
      previousHash: digest('medveil/genesis/1', bytes),
      timeMs: document.timeMs,
      transactionsRoot: empty,
      stateRoot,
      receiptsRoot: empty,
      replicaSetHash: replicaSetHash(document.replicaSet),
      proposer: '',
    },
  };
}
