/** Four replicas as processes on this machine, over TLS streams or a broker, measured from outside. */
import { Cluster } from '@medveil/consensus-node/testing';
import { startServer } from '../../scripts/servers/index.mjs';
import { quantile, rounded } from '../measure.mjs';
import { Follower, offer } from './load.mjs';
import { Accounts } from './workload.mjs';

export const REPLICAS = ['replica-0', 'replica-1', 'replica-2', 'replica-3'];
const CHAIN = 'cluster';
/** For each measurement. */
const ACCOUNTS = 1_000;
const MEASUREMENTS = 16;
const PROGRESS_TIMEOUT_MS = 4_000;
const sleep = (ms) => new Promise((resolve) => { setTimeout(resolve, ms); });

/** @param transport `direct`: TLS streams of their own; `bus`: over a Kafka broker that is started for it */
export async function openCluster(transport) {
  const accounts = Accounts.create(ACCOUNTS * MEASUREMENTS);
  const broker = transport === 'bus' ? await startServer('kafka') : null;
  const close = async () => {
    await cluster?.close();
    await broker?.stop();
  };
  let cluster;
  try {
    cluster = await Cluster.open({
      replicas: REPLICAS, consensus: transport, state: accounts.genesisEntries(Date.now()),
      settings: { PROGRESS_TIMEOUT_MS: String(PROGRESS_TIMEOUT_MS), ...(broker === null ? {} : overBroker(broker)) },
    });
    await cluster.start(...REPLICAS);
  } catch (error) {
    await close();
    throw error;
  }
  return { transport, cluster, accounts, clients: () => REPLICAS.map((name) => cluster.node(name).client), close };
}

const overBroker = ({ endpoint }) => Object.fromEntries(
  Object.entries({ KIND: 'kafka', BROKERS: endpoint, REPLICATION_FACTOR: '1', CREATE_MISSING_TOPICS: 'true', CONNECT_TIMEOUT_MS: '60000' })
    .map(([name, value]) => [`INFRASTRUCTURE_TRANSPORT_${name}`, value]),
);

/** One load: what was committed of it, how late, and what it cost. */
export async function measureLoad(network, { offeredTps, seconds, capacity }) {
  const { accounts, cluster, clients, transport } = network;
  const transactions = Math.ceil(((offeredTps === Infinity ? capacity : offeredTps) * seconds) / REPLICAS.length) + 256;
  const groups = accounts.take(ACCOUNTS).signGroups(transactions, REPLICAS.length, CHAIN);
  // Signing has kept this process busy: what happened to its connections meanwhile is taken note of first.
  await sleep(100);
  const before = await counters(cluster);
  const result = await offer({ clients: clients(), groups, offeredTps, seconds, watched: clients().at(-1) });
  const after = await counters(cluster);
  const { committed, latenciesMs, blocks } = result;
  const each = (name) => REPLICAS.reduce((sum, replica) => sum + after[replica][name] - before[replica][name], 0) / Math.max(1, committed);
  const intervals = blocks.slice(1).map(({ atMs }, index) => atMs - blocks[index].atMs).toSorted((a, b) => a - b);
  return {
    transport,
    offered_tps: offeredTps === Infinity ? null : offeredTps,
    committed_tps: rounded(result.inTime / result.seconds, 0),
    latency_p50_ms: rounded(quantile(latenciesMs, 0.5) ?? NaN, 1),
    latency_p99_ms: rounded(quantile(latenciesMs, 0.99) ?? NaN, 1),
    block_interval_ms: rounded(quantile(intervals, 0.5) ?? NaN, 1),
    transactions_per_block: rounded(committed / Math.max(1, blocks.length), 1),
    not_committed: result.lost + Object.values(result.refused).reduce((sum, count) => sum + count, 0),
    cpu_ms_per_tx_and_replica: rounded(each('cpuMs') / REPLICAS.length),
    fsyncs_per_tx: rounded(each('syncs')),
    // A broker carries them too, and the node does not count what it is given.
    bytes_per_tx: transport === 'bus' ? undefined : rounded(each('bytes'), 0),
    transaction_bytes: groups[0][0].size,
  };
}

/** Of each replica: bytes sent, times its disk was waited for, CPU time. */
async function counters(cluster) {
  const entries = await Promise.all(REPLICAS.map(async (replica) => {
    const node = cluster.node(replica);
    const text = await (await fetch(new URL('/metrics', node.url), { headers: { connection: 'close' } })).text();
    const read = (name) => Number(new RegExp(`^${name}(?:\\{[^}]*\\})? (\\S+)$`, 'm').exec(text)?.[1] ?? NaN);
    // A block is one synced batch of LevelDB.
    const syncs = read('medveil_consensus_log_syncs_total') + read('medveil_consensus_height');
    return [replica, { bytes: read('medveil_consensus_sent_bytes_total'), syncs, cpuMs: 1000 * (read('process_cpu_user_seconds_total') + read('process_cpu_system_seconds_total')) }];
  }));
  return Object.fromEntries(entries);
}

/** One transaction at a time, from the client's request until the client is shown it in a certified block. */
export async function measureSingle({ accounts, clients }, rounds) {
  const watched = clients().at(-1);
  const times = [];
  const waiting = new Map();
  const single = accounts.take(1);
  const { height } = await watched.blocks({ from: 1, limit: 1 });
  const follower = new Follower(watched, height + 1, ({ ids, atMs }) => { for (const id of ids) waiting.get(id)?.(atMs); });
  for (let round = 0; round < rounds; round += 1) {
    const { id, text } = single.sign(0, CHAIN);
    const shown = new Promise((resolve) => { waiting.set(id, resolve); });
    const startedAt = performance.now();
    await clients()[0].submit([text]);
    times.push((await shown) - startedAt);
    // The block that proves its result follows at once: it is not to be waited for by the next.
    await sleep(300);
  }
  await follower.stop();
  return rounded(quantile(times.toSorted((a, b) => a - b), 0.5), 1);
}

/** Until nothing of an earlier load waits any more. */
async function idle(client) {
  for (let looks = 0; (await client.status()).pendingTransactions > 0; looks += 1) {
    if (looks === 600) throw new Error('an earlier load does not end');
    await sleep(100);
  }
}

/** From a leader's death until the block of the next transaction, less the patience that the others have with it. */
export async function measureViewChange({ accounts, cluster, clients }) {
  const { primary } = await clients()[3].status();
  const alive = REPLICAS.filter((name) => name !== primary);
  const watched = cluster.node(alive[1]).client;
  await idle(watched);
  const { height } = await watched.blocks({ from: 1, limit: 1 });
  const { id, text } = accounts.take(1).sign(0, CHAIN);
  let follower;
  const shown = new Promise((resolve) => {
    follower = new Follower(watched, height + 1, ({ ids, atMs }) => { if (ids.includes(id)) resolve(atMs); });
  });
  await cluster.kill(primary);
  const startedAt = performance.now();
  await cluster.node(alive[0]).client.submit([text]);
  const elapsed = (await shown) - startedAt;
  await follower.stop();
  return { killed: primary, view_change_ms: rounded(elapsed - PROGRESS_TIMEOUT_MS, 1) };
}

/** A replica that was away: blocks and transactions a second from when it serves until it has what the others have. */
export async function measureCatchUp({ accounts, cluster }, away, { transactions }) {
  const others = REPLICAS.filter((name) => name !== away);
  const clients = others.map((name) => cluster.node(name).client);
  const groups = accounts.take(ACCOUNTS).signGroups(Math.ceil(transactions / others.length) + 64, others.length, CHAIN);
  const { committed } = await offer({ clients, groups, offeredTps: 400, seconds: transactions / 400, watched: clients[0] });
  const { height: target } = await clients[0].status();
  await cluster.start(away);
  const node = cluster.node(away).client;
  const startedAt = performance.now();
  const { height: from } = await node.blocks({ from: 1, limit: 1 });
  let height = from;
  while (height < target) ({ height } = await node.blocks({ from: Math.max(1, height), limit: 1, reach: target, waitMs: 1_000 }));
  const seconds = (performance.now() - startedAt) / 1000;
  return { catch_up_blocks_per_s: rounded((target - from) / seconds, 1), catch_up_transactions_per_s: rounded(committed / seconds, 0) };
}
