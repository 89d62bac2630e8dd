/**
 * The peer: CometBFT's local net of four with its built-in key-value store, where a `cometbft` binary is on PATH. 1 KB transactions, without
 * signatures on them; no wait after a commit. Loads are offered and blocks watched as for our replicas.
 */
import { execFileSync, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { quantile, rounded } from '../measure.mjs';

const NODES = 4;
const TRANSACTION_BYTES = 1_000;
const POLL_MS = 5;
const MOST_PER_REQUEST = 64;
const DRAIN_MS = 15_000;
const sleep = (ms) => new Promise((resolve) => { setTimeout(resolve, ms); });

/** @returns its version, or null where there is none */
export function cometbftVersion() {
  try {
    return execFileSync('cometbft', ['version'], { stdio: ['ignore', 'pipe', 'ignore'] }).toString().trim();
  } catch {
    return null;
  }
}

export async function measureCometbft(loads, seconds) {
  const net = await LocalNet.start();
  try {
    await net.offer(200, 2);
    const measured = [];
    for (const offeredTps of loads) measured.push(await net.offer(offeredTps, seconds));
    return measured;
  } finally {
    await net.stop();
  }
}

class LocalNet {
  #folder;
  #children = [];
  #rpc = [];

  static async start() {
    const net = new LocalNet();
    try {
      await net.#open();
    } catch (error) {
      await net.stop();
      throw error;
    }
    return net;
  }

  async #open() {
    this.#folder = await mkdtemp(join(tmpdir(), 'medveil-cometbft-'));
    execFileSync('cometbft', ['testnet', '--v', String(NODES), '--o', this.#folder, '--populate-persistent-peers=false'], { stdio: 'ignore' });
    const homes = Array.from({ length: NODES }, (_, index) => join(this.#folder, `node${index}`));
    const ports = await freePorts(2 * NODES);
    const ids = homes.map((home) => execFileSync('cometbft', ['show-node-id', '--home', home]).toString().trim());
    const peers = ids.map((id, index) => `${id}@127.0.0.1:${ports[index]}`);
    this.#rpc = homes.map((_home, index) => `http://127.0.0.1:${ports[NODES + index]}`);
    for (const [index, home] of homes.entries()) {
      const path = join(home, 'config', 'config.toml');
      await writeFile(path, configured(await readFile(path, 'utf8'), {
        proxy_app: '"kvstore"', timeout_commit: '"0s"', create_empty_blocks: 'false', persistent_peers: `"${peers.filter((_peer, other) => other !== index).join(',')}"`,
        addr_book_strict: 'false', allow_duplicate_ip: 'true', size: '50000', log_level: '"error"', pprof_laddr: '""',
      }, { p2p: ports[index], rpc: ports[NODES + index] }));
      this.#children.push(spawn('cometbft', ['start', '--home', home], { stdio: 'ignore' }));
    }
    for (const url of this.#rpc) {
      for (let tries = 0; !(await answers(url)); tries += 1) {
        if (tries > 300) throw new Error('cometbft does not answer');
        await sleep(100);
      }
    }
  }

  /** Infinity: 4,000 in flight. */
  async offer(offeredTps, seconds) {
    const sentAt = new Map();
    const latencies = [];
    const blockTimes = [];
    let committed = 0;
    let stopped = false;
    const watch = this.#watch(await this.#height(), () => stopped, (texts, atMs) => {
      blockTimes.push(atMs);
      for (const text of texts) {
        const name = text.slice(0, 24);
        const sent = sentAt.get(name);
        if (sent === undefined) continue;
        sentAt.delete(name);
        committed += 1;
        latencies.push(atMs - sent);
      }
    });
    const startedAt = performance.now();
    const under = new Set();
    let offered = 0;
    let turn = 0;
    while (performance.now() - startedAt < seconds * 1000) {
      const now = performance.now();
      const due = offeredTps === Infinity ? 4_000 - sentAt.size : Math.floor(((now - startedAt) * offeredTps) / 1000) - offered;
      const count = Math.min(MOST_PER_REQUEST, due);
      if (count > 0) {
        const texts = Array.from({ length: count }, () => keyValue());
        for (const [index, text] of texts.entries()) sentAt.set(text.slice(0, 24), offeredTps === Infinity ? now : startedAt + ((offered + index) * 1000) / offeredTps);
        offered += count;
        const request = broadcast(this.#rpc[turn % NODES], texts);
        turn += 1;
        under.add(request);
        request.finally(() => under.delete(request)).catch(() => undefined);
        if (under.size > 16) await Promise.race(under);
      }
      if (offeredTps !== Infinity || count <= 0) await sleep(Math.max(0, 10 - (performance.now() - now)));
    }
    const elapsed = (performance.now() - startedAt) / 1000;
    const inTime = committed;
    const endedAt = performance.now();
    await Promise.allSettled(under);
    while (sentAt.size > 0 && performance.now() - endedAt < DRAIN_MS) await sleep(20);
    stopped = true;
    await watch;
    latencies.sort((a, b) => a - b);
    const intervals = blockTimes.slice(1).map((at, index) => at - blockTimes[index]).toSorted((a, b) => a - b);
    return {
      offered_tps: offeredTps === Infinity ? null : offeredTps, committed_tps: rounded(inTime / elapsed, 0), latency_p50_ms: rounded(quantile(latencies, 0.5) ?? NaN, 1),
      latency_p99_ms: rounded(quantile(latencies, 0.99) ?? NaN, 1), block_interval_ms: rounded(quantile(intervals, 0.5) ?? NaN, 1), not_committed: sentAt.size,
    };
  }

  async #watch(from, isOver, onBlock) {
    for (let height = from + 1; !isOver(); ) {
      const { result } = await (await fetch(`${this.#rpc.at(-1)}/block?height=${height}`)).json();
      if (result === undefined) {
        await sleep(POLL_MS);
        continue;
      }
      onBlock(result.block.data.txs, performance.now());
      height += 1;
    }
  }

  async #height() {
    const { result } = await (await fetch(`${this.#rpc.at(-1)}/status`)).json();
    return Number(result.sync_info.latest_block_height);
  }

  async stop() {
    const ended = this.#children.map((child) => new Promise((resolve) => { child.once('exit', resolve); }));
    for (const child of this.#children) child.kill('SIGTERM');
    await Promise.all(ended);
    if (this.#folder !== undefined) await rm(this.#folder, { recursive: true, force: true });
  }
}

/** `key=value`, in base64: the first 24 characters are the key's own. */
const keyValue = () => Buffer.from(`${randomBytes(9).toString('hex')}=${'v'.repeat(TRANSACTION_BYTES - 19)}`).toString('base64');

async function broadcast(url, texts) {
  const body = texts.map((tx, id) => ({ jsonrpc: '2.0', id, method: 'broadcast_tx_async', params: { tx } }));
  const answer = await fetch(url, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) });
  await answer.arrayBuffer();
}

const answers = async (url) => fetch(`${url}/status`).then(async (answer) => (await answer.json()).result !== undefined, () => false);

/** The lines of config.toml that name these settings, with other values; addresses by their section. */
function configured(text, settings, ports) {
  let section = '';
  return text.split('\n').map((line) => {
    section = /^\[(\w+)\]/.exec(line)?.[1] ?? section;
    const name = /^(\w+) =/.exec(line)?.[1];
    if (name === 'laddr' && ports[section] !== undefined) return `laddr = "tcp://127.0.0.1:${ports[section]}"`;
    return name !== undefined && Object.hasOwn(settings, name) ? `${name} = ${settings[name]}` : line;
  }).join('\n');
}

async function freePorts(count) {
  const servers = await Promise.all(Array.from({ length: count }, () => new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => resolve(server));
  })));
  const ports = servers.map((server) => server.address().port);
  await Promise.all(servers.map((server) => new Promise((resolve) => { server.close(resolve); })));
  return ports;
}
