/** Whether the network lets through what it should and nothing else. Connections are tried from pods, by node. */
import { ensure, eventually } from './steps.mjs';
import { RELEASE } from './release.mjs';

const TIMEOUT_MS = 3_000;
/** Connections that are tried at a time: what is closed is found out by waiting. */
const AT_A_TIME = 4;

/** Prints `open` where a TCP connection is accepted, `closed` where it is refused or, as a policy has it, met by silence, `unknown` for a name of nobody. */
const tryScript = (host, port) => `const socket = require('node:net').connect(${port}, '${host}'); const end = (word) => { console.log(word); process.exit(); };
socket.on('connect', () => end('open')).on('error', ({ code }) => end(/NOTFOUND|AGAIN/.test(code) ? 'unknown' : 'closed')); setTimeout(() => end('closed'), ${TIMEOUT_MS});`;

const server = (name) => `${RELEASE}-${name}`;

/** Edges that the architecture has not (docs/architecture.md, section 3), each with its reason for being tried. */
const FORBIDDEN = [
  ['patient-api', 'kafka', 9092, 'agents read no messages'],
  ['research-api', 'kafka', 9092, 'agents read no messages'],
  ['patient-api', 'replica-0', 7443, 'agents are no replicas'],
  ['patient-api', 'replica-0', 8080, 'agents reach the ledger through the contract'],
  ['patient-api', 'research-api', 8080, 'the two agents do not know each other'],
  ['proxy-cloud', 'patient-api', 8080, 'nobody calls into a hospital'],
  ['proxy-cloud', 'kafka', 9092, 'the proxy reads no messages'],
  ['proxy-cloud', 'pkg', 8080, 'the proxy needs no PKG'],
  ['auditor-0', 's3', 7070, 'an auditor gets bodies from the proxy'],
  ['replica-0', 'postgres', 5432, 'replicas share nothing'],
  ['replica-0', 's3', 7070, 'replicas share nothing'],
  ['contract', 's3', 7070, 'the contract keeps no ciphertext'],
  ['pkg', 'patient-api', 8080, 'nobody calls into a hospital'],
];
const ALLOWED = [['patient-api', 'pkg', 8080], ['patient-api', 'postgres', 5432], ['proxy-cloud', 's3', 7070], ['contract', 'replica-1', 8080], ['replica-0', 'replica-1', 7443], ['pkg', 'kafka', 9092]];

/** The name of a running pod of a component: those with numbers are called by them. */
async function podOf(cluster, name) {
  if (/-\d+$/.test(name)) return server(name);
  const { items } = await cluster.json('get', 'pods', '--selector', `app.kubernetes.io/instance=${RELEASE},app.kubernetes.io/component=${name}`, '--field-selector', 'status.phase=Running');
  ensure(items.length > 0, `no pod of ${name} runs`);
  return items[0].metadata.name;
}

async function isOpen(cluster, pod, host, port) {
  const answer = (await cluster.kubectl(['exec', pod, '--', 'node', '-e', tryScript(host, port)])).trim().split('\n').at(-1);
  ensure(answer === 'open' || answer === 'closed', `${pod} asked for ${host}:${port}: ${answer}`);
  return answer === 'open';
}

/** A pod without the release's labels, with node in it. */
const stranger = (name, image, labels = {}) => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name, labels },
  spec: {
    automountServiceAccountToken: false,
    terminationGracePeriodSeconds: 0,
    securityContext: { runAsNonRoot: true, runAsUser: 10_001, seccompProfile: { type: 'RuntimeDefault' } },
    containers: [{
      name: 'node', image: image.image, imagePullPolicy: image.imagePullPolicy, command: ['node', '-e', "require('node:http').createServer((_, answer) => answer.end()).listen(8080)"],
      securityContext: { allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, capabilities: { drop: ['ALL'] } },
    }],
  },
});

/**
 * Whether the network plug-in enforces policies at all: two pods in a namespace of their own, which may not talk once a policy says so.
 * @param like a container whose image has node
 */
export async function enforcesPolicies(cluster, like) {
  const canary = cluster.in(`${cluster.namespace}-canary`);
  const deny = { apiVersion: 'networking.k8s.io/v1', kind: 'NetworkPolicy', metadata: { name: 'deny' }, spec: { podSelector: { matchLabels: { canary: 'target' } }, policyTypes: ['Ingress'] } };
  try {
    await canary.create({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: canary.namespace } });
    await canary.create(stranger('target', like, { canary: 'target' }), stranger('caller', like));
    await canary.kubectl(['wait', 'pod', '--all', '--for=condition=Ready', '--timeout=60s'], { timeoutSeconds: 70 });
    const { status } = await canary.json('get', 'pod', 'target');
    await eventually('the pods reach each other without a policy', 30, async () => ((await isOpen(canary, 'caller', status.podIP, 8080)) ? true : undefined));
    await canary.create(deny);
    return await eventually('', 20, async () => ((await isOpen(canary, 'caller', status.podIP, 8080)) ? undefined : true)).catch(() => false);
  } finally {
    await canary.kubectl(['delete', 'namespace', canary.namespace, '--ignore-not-found', '--timeout=60s'], { timeoutSeconds: 70 });
  }
}

async function inGroups(items, run) {
  for (let from = 0; from < items.length; from += AT_A_TIME) await Promise.all(items.slice(from, from + AT_A_TIME).map(run));
}

/** What is allowed gets through, what is not does not, and a stranger reaches nothing. */
export async function checkEdges(cluster, like) {
  const wrong = [];
  const attempt = async (from, to, port, expected, why) => {
    if ((await isOpen(cluster, await podOf(cluster, from), server(to), port)) !== expected) wrong.push(`${from} → ${to}:${port} is ${expected ? 'closed' : `open (${why})`}`);
  };
  await inGroups(ALLOWED, async ([from, to, port]) => attempt(from, to, port, true));
  await inGroups(FORBIDDEN, async ([from, to, port, why]) => attempt(from, to, port, false, why));
  const targets = [...new Set([...ALLOWED, ...FORBIDDEN].map(([, to, port]) => `${to}:${port}`))];
  try {
    await cluster.create(stranger('stranger', like));
    await cluster.kubectl(['wait', 'pod/stranger', '--for=condition=Ready', '--timeout=60s'], { timeoutSeconds: 70 });
    await inGroups(targets, async (target) => {
      const [to, port] = target.split(':');
      if (await isOpen(cluster, 'stranger', server(to), port)) wrong.push(`a stranger reaches ${target}`);
    });
  } finally {
    await cluster.kubectl(['delete', 'pod', 'stranger', '--ignore-not-found', '--wait=false']);
  }
  ensure(wrong.length === 0, wrong.join('; '));
  return `${ALLOWED.length} edges open, ${FORBIDDEN.length + targets.length} closed`;
}
