/**
 * npm run test:cluster [-- --context NAME] [-- --values FILE …] [-- --only offline|install]: the chart, without a cluster and then on a real
 * one, with real exchanges while replicas are killed, drained, lose their volume, and are upgraded. Without --context a cluster is
 * brought up here (k8s/local) and taken down again, its images built from the working tree; with it that cluster's images are those
 * of its values files. Last line: "N passed, N failed".
 */
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { chartPrograms, down, importImages, installChartPrograms, installPrograms, KUBECONFIG, REGISTRY, tagImage, up } from '../k8s/local/index.mjs';
import { makeServerImages } from '../k8s/local/servers.mjs';
import { conform, lint, unitTests } from './cluster/chart-checks.mjs';
import { Cluster } from './cluster/cluster.mjs';
import { checkEdges, enforcesPolicies } from './cluster/network.mjs';
import { RELEASE, Release, tellExchanges } from './cluster/release.mjs';
import { drain, killOne, killTwo, loseVolume } from './cluster/replicas.mjs';
import { ensure, Steps, Stopped } from './cluster/steps.mjs';
import { saveImages } from './images/buildah.mjs';
import { developmentCircuitFolder } from './images/circuits.mjs';
import { baseImages, buildService, imageName, SERVICES, VERSION } from './images/index.mjs';
import { build, install, ROOT } from './steps.mjs';

const { values: { context, values: valuesFiles, only } } = parseArgs({
  options: { context: { type: 'string' }, values: { type: 'string', multiple: true, default: [] }, only: { type: 'string' } },
});
const STAGES = ['offline', 'install', undefined];
if (!STAGES.includes(only)) throw new Error('--only offline or --only install');

/** The same images under another tag, to upgrade to: every pod is replaced. */
const NEXT = `${VERSION}-next`;
const isLocal = context === undefined;
const steps = new Steps();
let cluster;

async function offline() {
  await steps.require('programs', 1_800, isLocal && only !== 'offline' ? installPrograms : installChartPrograms);
  const programs = chartPrograms();
  await steps.run('chart: lint', 60, () => lint(programs));
  await steps.run('chart: manifests against the schemas of Kubernetes', 120, () => conform(programs));
  await steps.run('chart: unit tests of the templates', 120, () => unitTests(programs));
  return programs;
}

async function images() {
  const bases = await baseImages();
  const circuits = await developmentCircuitFolder();
  for (const service of SERVICES) await buildService(service, { bases, circuits });
}

async function imagesToNode() {
  const folder = mkdtempSync(join(tmpdir(), 'medveil-images-'));
  try {
    const references = [...(await makeServerImages()).map((name) => [name, name]), ...SERVICES.map((service) => [imageName(service), `${REGISTRY}/${imageName(service)}`])];
    const archive = join(folder, 'images.tar');
    await saveImages(Object.fromEntries(references), archive);
    await importImages(archive);
    for (const service of SERVICES) await tagImage(`${REGISTRY}/${imageName(service)}`, `${REGISTRY}/${imageName(service, NEXT)}`);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function bringUp() {
  await steps.require('workspace installed and built', 900, async () => {
    await install();
    await build();
  });
  await steps.require('images', 1_200, images);
  await steps.require('cluster up', 240, up);
  await steps.require('images on the node', 600, imagesToNode);
}

/** While exchanges are begun without a pause every pod is replaced by one of another version, and none of them fails. */
async function underLoad(release, name, change) {
  const { ended } = await release.startExchanges(name, { forSeconds: 120, parallel: 2, deadlineSeconds: 600 });
  const [result] = await Promise.all([ended, change()]);
  return tellExchanges(result);
}

async function onCluster(release) {
  await steps.require('helm install', 660, () => release.install());
  await steps.require('helm test: one real exchange', 660, () => release.test());
  if (only === 'install') return;
  const like = (await release.cluster.json('get', 'pod', `${RELEASE}-test`)).spec.containers[0];
  if (await enforcesPolicies(release.cluster, like)) await steps.run('network policies', 400, () => checkEdges(release.cluster, like));
  else console.log('  – network policies: unchecked, for this cluster does not enforce them');
  await steps.run('one replica killed', 600, () => killOne(release));
  await steps.run('two replicas killed', 700, () => killTwo(release));
  await steps.run('a node drained and back', 800, () => drain(release));
  await steps.run('a replica\'s volume deleted', 800, () => loseVolume(release, isLocal));
  const change = isLocal ? [`image.tag=${NEXT}`] : ['consensusNode.podAnnotations.test=upgraded', 'contract.podAnnotations.test=upgraded', 'pkg.podAnnotations.test=upgraded'];
  await steps.run('upgrade under load', 1_200, () => underLoad(release, 'while-upgrading', () => release.upgrade(...change)));
  await steps.run('rollback under load', 1_200, () => underLoad(release, 'while-rolling-back', () => release.rollback()));
}

/** Only what the notes of the installation say: volumes, and the secret that their servers know. */
async function uninstall(release) {
  await release.cluster.helm(['uninstall', RELEASE, '--wait', '--timeout', '180s'], { timeoutSeconds: 200 });
  await release.cluster.kubectl(['delete', 'pod', '--all', '--timeout=60s'], { timeoutSeconds: 70 });
  const left = await release.remains();
  const unexpected = left.filter((name) => !name.startsWith('PersistentVolumeClaim/') && name !== `Secret/${RELEASE}-evaluation`);
  ensure(unexpected.length === 0, `left behind: ${unexpected.join(', ')}`);
  ensure(left.length > 0, 'no volume was kept');
  return `${left.length} objects kept`;
}

async function main() {
  const programs = await offline();
  if (only === 'offline') return;
  if (isLocal) await bringUp();
  const namespace = `medveil-test-${randomBytes(4).toString('hex')}`;
  cluster = new Cluster({ ...programs, context, namespace, ...(isLocal ? { kubeconfig: KUBECONFIG } : {}) });
  const release = new Release(cluster, [...(isLocal ? [join(ROOT, 'k8s', 'local', 'values.yaml')] : []), ...valuesFiles]);
  steps.diagnoseBy(() => release.diagnosis());
  await onCluster(release);
  await steps.run('uninstall leaves what it says', 300, () => uninstall(release));
}

/** However it ends: the namespace goes from somebody else's cluster, and one's own cluster altogether. */
async function tidy() {
  if (isLocal) await down();
  else if (cluster !== undefined) await cluster.kubectl(['delete', 'namespace', cluster.namespace, '--ignore-not-found', '--timeout=180s'], { timeoutSeconds: 200 });
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
