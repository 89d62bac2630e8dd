/** Faults of replicas: what the ledger bears, and what it recovers from. */
import { RELEASE, replicaPod } from './release.mjs';
import { ensure, eventually } from './steps.mjs';

const READY_SECONDS = 240;

const kill = async (release, ...indices) => release.cluster.kubectl(['delete', 'pod', ...indices.map(replicaPod), '--grace-period=0', '--force', '--wait=false']);

/** One of four may be away: exchanges go on while it is, and it comes back by itself. */
export async function killOne(release) {
  const { ended, underWay } = await release.startExchanges('while-one-is-killed', { deadlineSeconds: 300 });
  const [result] = await Promise.all([ended, underWay().then(async () => kill(release, 1))]);
  await release.replicasAreReady(READY_SECONDS);
  return `${result.settled} settled meanwhile`;
}

/** Two of four are more than f: the ledger waits for one of them and goes on, and nothing that was decided is undecided. */
export async function killTwo(release) {
  const before = await release.metric(0, 'medveil_consensus_height');
  await kill(release, 2, 3);
  const told = await release.exchange('after-two-were-killed', 360);
  await release.replicasAreReady(READY_SECONDS);
  const after = await release.metric(3, 'medveil_consensus_height');
  ensure(after > before, `height ${before} before, ${after} after`);
  return `height ${before} → ${after}; ${told}`;
}

/** A node is drained of its replicas one at a time (PodDisruptionBudget), and the ledger goes on without the one that has left. */
export async function drain(release) {
  const { spec } = await release.cluster.json('get', 'pod', replicaPod(0));
  const node = spec.nodeName;
  const evict = async (index, timeoutSeconds) => release.cluster.kubectl([
    'drain', node, '--pod-selector', `app.kubernetes.io/instance=${RELEASE},statefulset.kubernetes.io/pod-name=${replicaPod(index)}`,
    '--delete-emptydir-data', '--ignore-daemonsets', `--timeout=${timeoutSeconds}s`,
  ], { timeoutSeconds: timeoutSeconds + 10 });
  try {
    await evict(0, 120);
    const refused = await evict(1, 5).then(() => '', (error) => error.message);
    ensure(/disruption budget/.test(refused), `a second replica left at once: ${refused}`);
    const told = await release.exchange('while-drained', 300, { without: 0 });
    return `the second eviction is refused; ${told} meanwhile`;
  } finally {
    await release.cluster.kubectl(['uncordon', node]);
    await release.replicasAreReady(READY_SECONDS);
  }
}

/**
 * A replica without its ledger takes what the others have; its vault tells it that it has voted before.
 * @param expectSnapshot whether the values have it take a state instead of a few dozen blocks
 */
export async function loseVolume(release, expectSnapshot) {
  const claim = `data-${replicaPod(2)}`;
  const { metadata } = await release.cluster.json('get', 'pvc', claim);
  await release.cluster.kubectl(['delete', 'pvc', claim, '--wait=false']);
  await release.cluster.kubectl(['delete', 'pod', replicaPod(2), '--wait=false']);
  await eventually('a new volume', 120, async () => {
    const found = await release.cluster.json('get', 'pvc', claim);
    return found.metadata.uid !== metadata.uid && found.status.phase === 'Bound' ? true : undefined;
  });
  await eventually('it serves again', READY_SECONDS, async () => ((await release.isServing(2)) ? true : undefined));
  // It becomes ready by the blocks that this makes: before them it may not vote, and where nothing happens there are none.
  const told = await release.exchange('after-a-volume-was-lost', 300);
  await release.replicasAreReady(READY_SECONDS);
  const [mine, others] = await eventually('it is where the others are', 60, async () => {
    const heights = [await release.metric(2, 'medveil_consensus_height'), await release.metric(0, 'medveil_consensus_height')];
    return heights[0] >= heights[1] - 1 ? heights : undefined;
  });
  const log = await release.cluster.kubectl(['logs', replicaPod(2)]);
  const fromSnapshot = log.includes('snapshot-installed');
  ensure(fromSnapshot || !expectSnapshot, `no snapshot was installed: ${log.slice(0, 2_000)}`);
  return `height ${mine} of ${others}, ${fromSnapshot ? 'from a snapshot' : 'block by block'}; ${told}`;
}
