/**
 * npm run test:cluster [-- --context NAME] [-- --values FILE …] [-- --only STEP …] [-- --keep]: the chart, without a cluster and then
 * on a real one, with real exchanges while replicas are killed, drained, lose their volume, and are upgraded. Without --context a cluster is
 * brought up here (k8s/local) and taken down again, its images built from the working tree; with it that cluster's images are those
 * of its values files. --keep leaves everything standing, and --only runs single steps on it. Last line: "N passed, N failed".
 */
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { chartPrograms, down, installChartPrograms, installPrograms, KUBECONFIG } from '../k8s/local/index.mjs';
import { conform, lint, unitTests } from './cluster/chart-checks.mjs';
import { Cluster } from './cluster/cluster.mjs';
import { bringUp, NEXT } from './cluster/local.mjs';
import { checkEdges, enforcesPolicies } from './cluster/network.mjs';
import { RELEASE, Release, tellExchanges } from './cluster/release.mjs';
import { drain, killOne, killTwo, loseVolume } from './cluster/replicas.mjs';
import { ensure, eventually, Steps, Stopped } from './cluster/steps.mjs';
import { ROOT } from './steps.mjs';
import { usage } from './usage.mjs';

usage();

const { values: { context, values: valuesFiles, only, keep, namespace: givenNamespace } } = parseArgs({
  options: {
    context: { type: 'string' }, namespace: { type: 'string' }, values: { type: 'string', multiple: true, default: [] },
    only: { type: 'string', multiple: true }, keep: { type: 'boolean', default: false },
  },
});

/** More than an upgrade may take. */
const LOAD_SECONDS = 1_000;

const isLocal = context === undefined;
const steps = new Steps();

/** In their order. `images` builds them again for a cluster that is up already. */
const ON_CLUSTER = {
  images: async () => {},
  install: async (release) => steps.require('helm install', 660, () => release.install()),
  exchange: async (release) => steps.require('helm test: one real exchange', 660, () => release.test()),
  policies,
  'kill-one': async (release) => steps.run('one replica killed', 600, () => killOne(release)),
  'kill-two': async (release) => steps.run('two replicas killed', 700, () => killTwo(release)),
  drain: async (release) => steps.run('a node drained and back', 800, () => drain(release)),
  volume: async (release) => steps.run('a replica\'s volume deleted', 800, () => loseVolume(release, isLocal)),
  upgrade: async (release) => steps.run('upgrade under load', 1_200, () => underLoad(release, 'while-upgrading', () => release.upgrade(...CHANGE))),
  rollback: async (release) => steps.run('rollback under load', 1_200, () => underLoad(release, 'while-rolling-back', () => release.rollback())),
  uninstall: async (release) => steps.run('uninstall leaves what it says', 300, () => uninstall(release)),
};
const CHANGE = isLocal ? [`image.tag=${NEXT}`] : ['consensusNode.podAnnotations.test=upgraded', 'contract.podAnnotations.test=upgraded', 'pkg.podAnnotations.test=upgraded'];

const STEP_NAMES = ['offline', ...Object.keys(ON_CLUSTER)];
const unknown = only?.filter((name) => !STEP_NAMES.includes(name)) ?? [];
if (unknown.length > 0) throw new Error(`--only ${unknown.join(', ')}: steps are ${STEP_NAMES.join(', ')}`);
const chosen = (name) => only === undefined || only.includes(name);
const needsCluster = Object.keys(ON_CLUSTER).some(chosen);

// A cluster of one's own has no other namespace of that name.
const namespace = givenNamespace ?? (isLocal ? 'medveil-test' : `medveil-test-${randomBytes(4).toString('hex')}`);
const cluster = () => new Cluster({ ...chartPrograms(), context, namespace, ...(isLocal ? { kubeconfig: KUBECONFIG } : {}) });

async function offline() {
  const programs = chartPrograms();
  await steps.run('chart: lint', 60, () => lint(programs));
  await steps.run('chart: manifests against the schemas of Kubernetes', 120, () => conform(programs));
  await steps.run('chart: unit tests of the templates', 120, () => unitTests(programs));
}

async function policies(release) {
  const like = (await release.cluster.json('get', 'pod', `${RELEASE}-test`)).spec.containers[0];
  if (await enforcesPolicies(release.cluster, like)) await steps.run('network policies', 400, () => checkEdges(release.cluster, like));
  else console.log('  – network policies: unchecked, for this cluster does not enforce them');
}

/** While exchanges are begun without a pause every pod is replaced by one of another version, and none of them fails. */
async function underLoad(release, name, change) {
  const { ended, underWay, enough } = await release.startExchanges(name, { forSeconds: LOAD_SECONDS, parallel: 2, deadlineSeconds: LOAD_SECONDS });
  const [result] = await Promise.all([ended, underWay().then(change).finally(enough)]);
  return tellExchanges(result);
}

/** Only what the notes of the installation say: volumes, and the secret that their servers know. */
async function uninstall(release) {
  await release.cluster.helm(['uninstall', RELEASE, '--wait', '--timeout', '180s'], { timeoutSeconds: 200 });
  await release.cluster.kubectl(['delete', 'pod', '--all', '--timeout=60s'], { timeoutSeconds: 70 });
  // What belonged to what is gone (EndpointSlices) is collected a moment later.
  const left = await eventually('only what is kept is left', 60, async () => {
    const found = await release.remains();
    const unexpected = found.filter((name) => !name.startsWith('PersistentVolumeClaim/') && name !== `Secret/${RELEASE}-evaluation`);
    ensure(unexpected.length === 0, `left behind: ${unexpected.join(', ')}`);
    return found;
  });
  ensure(left.length > 0, 'no volume was kept');
  return `${left.length} objects kept`;
}

async function main() {
  await steps.require('programs', 1_800, isLocal && needsCluster ? installPrograms : installChartPrograms);
  if (chosen('offline')) await offline();
  if (!needsCluster) return;
  if (isLocal) await bringUp(steps, chosen('images'));
  const release = new Release(cluster(), [...(isLocal ? [join(ROOT, 'k8s', 'local', 'values.yaml')] : []), ...valuesFiles]);
  steps.diagnoseBy(() => release.diagnosis());
  for (const [name, run] of Object.entries(ON_CLUSTER)) if (chosen(name)) await run(release);
}

/** However it ends: the namespace goes from somebody else's cluster, and one's own cluster altogether. */
async function tidy() {
  if (!needsCluster) return;
  if (keep) console.log(`  – kept: namespace ${namespace}${isLocal ? ` of the local cluster (KUBECONFIG=${KUBECONFIG}), until k8s/local/down` : ''}`);
  else if (isLocal) await down();
  else await cluster().kubectl(['delete', 'namespace', namespace, '--ignore-not-found', '--timeout=180s'], { timeoutSeconds: 200 });
}

for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => { void tidy().finally(() => process.exit(1)); });

try {
  await main();
} catch (error) {
  if (!(error instanceof Stopped)) throw error;
} finally {
  await tidy();
}
const { passed, failed } = steps.counts;
console.log(`${passed} passed, ${failed} failed`);
// What a step that came too late still waits for is of no more interest.
process.exit(failed > 0 || passed === 0 ? 1 : 0);
