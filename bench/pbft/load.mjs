/** An open-loop client: it offers transactions at a steady rate, whatever becomes of them, and notes when each is shown in a certified block. */
import { fromBase64Url } from '@medveil/encoding';
import { decodeBlock, transactionIdOf } from '@medveil/ledger';

const TICK_MS = 10;
const MOST_PER_REQUEST = 256;
const DRAIN_MS = 15_000;
const sleep = (ms) => new Promise((resolve) => { setTimeout(resolve, ms); });

/** Follows one node's chain and tells of each block as it comes. */
export class Follower {
  #stopped = false;
  #running;

  constructor(client, from, onBlock) {
    this.#running = this.#run(client, from, onBlock);
  }

  async stop() {
    this.#stopped = true;
    await this.#running;
  }

  async #run(client, from, onBlock) {
    let next = from;
    while (!this.#stopped) {
      const { items } = await client.blocks({ from: next, limit: 20, reach: next, waitMs: 500 });
      const atMs = performance.now();
      for (const item of items) {
        const { header, transactions } = decodeBlock(fromBase64Url(item.block));
        onBlock({ height: header.height, ids: transactions.map((transaction) => transactionIdOf(transaction)), bytes: item.block.length, atMs });
        next = header.height + 1;
      }
    }
  }
}

/**
 * @param clients of the replicas, each offered its own group of transactions
 * @param offeredTps number, or Infinity: as much as is admitted, `window` in flight
 * @param watched the client whose chain is watched
 * @returns {committed, seconds, latenciesMs (sorted), blocks: [{height, transactions, atMs}], refused}
 */
export async function offer({ clients, groups, offeredTps, seconds, watched, window = 4_000 }) {
  const { height } = await watched.blocks({ from: 1, limit: 1 });
  const sentAt = new Map();
  const latenciesMs = [];
  const blocks = [];
  const refused = {};
  let committed = 0;
  const follower = new Follower(watched, height + 1, ({ height: at, ids, atMs }) => {
    blocks.push({ height: at, transactions: ids.length, atMs });
    for (const id of ids) {
      const sent = sentAt.get(id);
      if (sent === undefined) continue;
      sentAt.delete(id);
      committed += 1;
      latenciesMs.push(atMs - sent);
    }
  });
  const startedAt = performance.now();
  const under = new Set();
  const next = groups.map(() => 0);
  let offered = 0;
  let turn = 0;
  let exhausted = false;
  while (!exhausted && performance.now() - startedAt < seconds * 1000) {
    const now = performance.now();
    const due = offeredTps === Infinity ? Math.min(MOST_PER_REQUEST, window - sentAt.size) : Math.floor(((now - startedAt) * offeredTps) / 1000) + 1 - offered;
    const count = Math.min(MOST_PER_REQUEST, due);
    if (count > 0) {
      const group = turn % clients.length;
      turn += 1;
      const batch = groups[group].slice(next[group], next[group] + count);
      next[group] += batch.length;
      exhausted = batch.length < count;
      for (const [index, { id }] of batch.entries()) {
        // When the schedule wanted it sent, not when this client came to it.
        sentAt.set(id, offeredTps === Infinity ? now : startedAt + ((offered + index) * 1000) / offeredTps);
      }
      offered += batch.length;
      const request = clients[group].submit(batch.map(({ text }) => text)).then(({ items }) => {
        for (const { transactionId, refused: code } of items) {
          if (code === null) continue;
          refused[code] = (refused[code] ?? 0) + 1;
          sentAt.delete(transactionId);
        }
      });
      under.add(request);
      request.finally(() => under.delete(request)).catch(() => undefined);
      if (under.size > 16) await Promise.race(under);
    }
    const wait = offeredTps === Infinity && count > 0 ? 0 : TICK_MS - (performance.now() - now);
    await sleep(Math.max(0, wait));
  }
  const endedAt = performance.now();
  const inTime = committed;
  await Promise.all(under);
  while (sentAt.size > 0 && performance.now() - endedAt < DRAIN_MS) await sleep(20);
  await follower.stop();
  latenciesMs.sort((a, b) => a - b);
  return { offered, committed, inTime, seconds: (endedAt - startedAt) / 1000, lost: sentAt.size, latenciesMs, blocks, refused };
}
