/** Everything that a stopped system leaves behind, as it lies there and as its stores read it. */
import { readdir, readFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { openEngine } from '@medveil/database';
import { encodeCanonical } from '@medveil/encoding';
import { LevelStore } from '@medveil/ledger/level';
import { entriesOf, type Entry } from './chain.js';

export interface Place {
  readonly name: string;
  readonly bytes: Uint8Array;
}

/** Every file, byte for byte. */
export async function* files(folder: string): AsyncGenerator<Place> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  for (const entry of entries) {
    if (!entry.isFile()) continue;
    const path = join(entry.parentPath, entry.name);
    yield { name: relative(folder, path), bytes: new Uint8Array(await readFile(path)) };
  }
}

export interface StoredLedger {
  readonly places: readonly Place[];
  readonly entries: readonly Entry[];
}

/** A ledger as its store reads it: the files of LevelDB are compressed. Transactions and state entries also under names of their own. */
export async function storedLedger(folder: string): Promise<StoredLedger> {
  const store = await LevelStore.open(folder);
  const places: Place[] = [];
  const entries: Entry[] = [];
  try {
    const last = (await store.height()) ?? 0;
    for (let height = 0; height <= last; height += 1) {
      const stored = await store.block(height);
      if (stored === undefined) throw new Error(`block ${height} is missing`);
      const { block, receipts } = stored;
      places.push({ name: `header ${height}`, bytes: encodeCanonical({ ...block.header }) });
      places.push(...block.transactions.map((bytes, index) => ({ name: `transaction ${height}.${index}`, bytes })));
      places.push(...receipts.map((bytes, index) => ({ name: `receipt ${height}.${index}`, bytes })));
      if (height > 0) entries.push(...entriesOf(block, receipts));
    }
    for await (const [key, value] of store.state()) {
      places.push({ name: `state key ${key}`, bytes: new TextEncoder().encode(key) }, { name: `state ${key}`, bytes: value });
    }
  } finally {
    await store.close();
  }
  return { places, entries };
}

const TABLES = `select table_schema, table_name from information_schema.tables
  where table_schema not in ('pg_catalog', 'information_schema') and table_type = 'BASE TABLE' order by 1, 2`;

/** Every value of every table of the embedded database: texts as they are, bytes as they are, documents as JSON. */
export async function databaseValues(dataDir: string): Promise<Place[]> {
  const engine = await openEngine({ kind: 'pglite', dataDir }, () => Date.now());
  try {
    const { queries } = await engine.open({ schema: 'search' });
    const { rows: tables } = await queries.execute<{ table_schema: string; table_name: string }>(TABLES);
    const places: Place[] = [];
    for (const { table_schema: schema, table_name: table } of tables) {
      const { rows } = await queries.execute(`select * from "${schema}"."${table}"`);
      for (const row of rows) {
        for (const [column, value] of Object.entries(row)) places.push({ name: `${schema}.${table}.${column}`, bytes: bytesOf(value) });
      }
    }
    return places;
  } finally {
    await engine.close();
  }
}

function bytesOf(value: unknown): Uint8Array {
  if (value instanceof Uint8Array) return value;
  const text = typeof value === 'string' ? value : JSON.stringify(value, (_key, inner: unknown) => (typeof inner === 'bigint' ? String(inner) : inner));
  return new TextEncoder().encode(text ?? '');
}
