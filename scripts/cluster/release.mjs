/** One release of the chart in a namespace of its own, and what a test does with it. */
import { join } from 'node:path';
import { ROOT } from '../steps.mjs';
import { ensure, eventually } from './steps.mjs';

export const CHART = join(ROOT, 'helm', 'medveil');
export const RELEASE = 'medveil';
const TEST_POD = `${RELEASE}-test`;
const INSTALL_SECONDS = 600;
/** Of an upgrade: replicas go one after the other, while exchanges take what the machine has. */
const UPGRADE_SECONDS = 900;
const OF_EVERY_NAMESPACE = new Set(['ConfigMap/kube-root-ca.crt', 'ServiceAccount/default']);

export const replicaPod = (index) => `${RELEASE}-replica-${index}`;

export class Release {
  /** @param values files with values, later ones over earlier ones */
  constructor(cluster, values) {
    this.cluster = cluster;
    this.values = values.flatMap((file) => ['--values', file]);
  }

  /** The namespace takes restricted pods only: what the chart says of its pods is then proved by their running. */
  async install() {
    await this.cluster.create({
      apiVersion: 'v1', kind: 'Namespace', metadata: { name: this.cluster.namespace, labels: { 'pod-security.kubernetes.io/enforce': 'restricted' } },
    });
    await this.#helm(INSTALL_SECONDS, 'install', RELEASE, CHART, ...this.values);
  }

  async upgrade(...set) {
    await this.#helm(UPGRADE_SECONDS, 'upgrade', RELEASE, CHART, ...this.values, ...set.flatMap((value) => ['--set', value]));
  }

  async rollback() {
    await this.#helm(UPGRADE_SECONDS, 'rollback', RELEASE);
  }

  async #helm(seconds, command, ...args) {
    await this.cluster.helm([command, ...args, '--wait', '--wait-for-jobs', '--timeout', `${seconds}s`], { timeoutSeconds: seconds + 30 });
  }

  async test() {
    await this.cluster.helm(['test', RELEASE, '--timeout', `${INSTALL_SECONDS}s`], { timeoutSeconds: INSTALL_SECONDS + 30 });
    return told(JSON.parse(lastLine(await this.cluster.kubectl(['logs', TEST_POD, '--container', 'exchange']))));
  }

  /**
   * Starts exchanges in a pod like that of `helm test`, also on a node that takes no others.
   * @param options without: a replica that is away, and cannot be asked whether it agrees at the end
   * @returns ended: a promise of what the exchanges came to, once all of them have ended; underWay: resolves when the first has begun;
   * enough: begins no more of them
   */
  async startExchanges(name, { forSeconds = 0, parallel = 1, deadlineSeconds, without }) {
    const { spec, metadata } = await this.cluster.json('get', 'pod', TEST_POD);
    const [container] = spec.containers;
    const args = container.args.filter((arg) => without === undefined || !arg.includes(`//${replicaPod(without)}:`));
    const { nodeName: _node, initContainers: _ready, ...rest } = spec;
    await this.cluster.kubectl(['delete', 'pod', name, '--ignore-not-found']);
    await this.cluster.create({
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name, labels: metadata.labels },
      spec: {
        ...rest,
        activeDeadlineSeconds: deadlineSeconds,
        tolerations: [{ key: 'node.kubernetes.io/unschedulable', operator: 'Exists' }],
        containers: [{ ...container, args: [...args, `--for=${forSeconds}`, `--parallel=${parallel}`] }],
      },
    });
    const enough = async () => this.cluster.kubectl(['exec', name, '--', 'node', '-e', "process.kill(1, 'SIGTERM')"]);
    const underWay = async () => eventually(`${name} begins`, deadlineSeconds, async () => ((await this.cluster.kubectl(['logs', name])).includes(' → ') ? true : undefined));
    return { ended: this.#exchangesOf(name, deadlineSeconds), underWay, enough };
  }

  async #exchangesOf(name, deadlineSeconds) {
    const phase = await eventually(`${name} ends`, deadlineSeconds + 30, async () => {
      const { status } = await this.cluster.json('get', 'pod', name);
      return ['Succeeded', 'Failed'].includes(status.phase) ? status.phase : undefined;
    });
    const log = await this.cluster.kubectl(['logs', name]);
    const result = parsed(lastLine(log));
    ensure(phase === 'Succeeded' && result?.ok === true, `${name}: ${result === undefined ? log.slice(-2_000) : JSON.stringify(result)}`);
    return result;
  }

  /** One exchange from beginning to end. */
  async exchange(name, deadlineSeconds, options = {}) {
    const { ended } = await this.startExchanges(name, { ...options, deadlineSeconds });
    return told(await ended);
  }

  /** @returns once every pod of a replica is ready */
  async replicasAreReady(seconds) {
    await eventually('all replicas are ready', seconds, async () => {
      const { status, spec } = await this.cluster.json('get', 'statefulset', `${RELEASE}-replica`);
      return status.readyReplicas === spec.replicas ? true : undefined;
    });
  }

  /** Whether a replica's pod answers, ready or not. */
  async isServing(index) {
    const { status } = await this.cluster.json('get', 'pod', replicaPod(index));
    return status.containerStatuses?.every(({ started }) => started) === true;
  }

  /** What a service of a replica's pod measures. */
  async metric(index, name) {
    const script = "fetch('http://127.0.0.1:8080/metrics').then((answer) => answer.text()).then((text) => process.stdout.write(text))";
    const text = await this.cluster.kubectl(['exec', replicaPod(index), '--', 'node', '-e', script]);
    return Number(new RegExp(`^${name}(?:\\{[^}]*\\})? (\\S+)$`, 'm').exec(text)?.[1]);
  }

  /** What is in the release's namespace, labelled or not, besides what every namespace has: kind/name, sorted. */
  async remains() {
    const kinds = (await this.cluster.kubectl(['api-resources', '--verbs=list', '--namespaced', '-o', 'name'])).split('\n').filter((kind) => kind !== '' && !kind.startsWith('events'));
    const { items } = await this.cluster.json('get', kinds.join(','), '--ignore-not-found');
    return items.map(({ kind, metadata }) => `${kind}/${metadata.name}`).filter((name) => !OF_EVERY_NAMESPACE.has(name)).toSorted();
  }

  /** Where things stand, for who reads of a failure. */
  async diagnosis() {
    const pods = await this.cluster.kubectl(['get', 'pods', '-o', 'wide']);
    const events = await this.cluster.kubectl(['get', 'events', '--sort-by=.lastTimestamp', '--field-selector', 'type=Warning']);
    const { items } = await this.cluster.json('get', 'pods');
    const troubled = items.filter(({ status }) => !['Running', 'Succeeded'].includes(status.phase) || status.containerStatuses?.some(({ ready, restartCount }) => !ready || restartCount > 0));
    const logs = await Promise.all(troubled.slice(0, 6).map(async ({ metadata }) => {
      const log = await this.cluster.kubectl(['logs', metadata.name, '--all-containers', '--tail=15']).catch((error) => error.message);
      return `--- ${metadata.name}\n${log}`;
    }));
    return [pods, events.split('\n').slice(-25).join('\n'), ...logs].join('\n');
  }
}

const lastLine = (text) => text.trim().split('\n').at(-1);

function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

const told = ({ settled, failed, slowestSeconds }) => `${settled} settled, ${failed.length} failed, slowest ${slowestSeconds} s`;
export { told as tellExchanges };
