/** The programs of the cluster: Debian's packages, and what is built from the Go modules of programs/, once. */
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { needPackages, onPath, runProgram, say } from '../../scripts/servers/install.mjs';
import { BIN, CACHE, HERE, LIBEXEC } from './layout.mjs';
import { writeSchemas } from './schemas.mjs';

const COMPONENTS = ['etcd', 'kube-apiserver', 'kube-controller-manager', 'kube-proxy', 'kube-scheduler', 'kubelet'];

/** Packages by the path that each must have brought. */
const PACKAGES = {
  '/usr/bin/containerd': 'containerd', '/usr/sbin/runc': 'runc', '/usr/lib/cni/ptp': 'containernetworking-plugins', '/usr/sbin/nft': 'nftables',
  '/usr/sbin/conntrack': 'conntrack', '/usr/sbin/iptables': 'iptables', '/usr/sbin/ip': 'iproute2', '/usr/sbin/sysctl': 'procps', '/usr/bin/openssl': 'openssl',
};

/** What is built: the package of each program, in which of the two Go modules of this folder. */
const PROGRAMS = {
  components: { module: 'programs', from: './components' },
  kubectl: { module: 'programs', from: 'k8s.io/kubernetes/cmd/kubectl' },
  helm: { module: 'programs', from: 'helm.sh/helm/v3/cmd/helm' },
  policies: { module: 'programs', from: './policies' },
  dns: { module: 'programs', from: './dns' },
  pause: { module: 'programs', from: './pause' },
  kubeconform: { module: 'checks', from: 'github.com/yannh/kubeconform/cmd/kubeconform' },
  unittest: { module: 'checks', from: 'github.com/helm-unittest/helm-unittest/cmd/helm-unittest' },
};
/** Made beside them: schemas of the manifests that this version of Kubernetes takes. */
const SCHEMAS = 'schemas';
const PROGRESS_MS = 15_000;
const CHECKS = ['helm', 'kubectl', 'kubeconform', 'unittest', SCHEMAS];

/** What a cluster is made of, and what looks at the chart. */
export async function installPrograms() {
  await needPackages(() => Object.keys(PACKAGES).every((path) => existsSync(path)), Object.values(PACKAGES));
  await make([...Object.keys(PROGRAMS), SCHEMAS]);
  for (const name of ['policies', 'dns', 'pause']) link(builtFile(name), join(LIBEXEC, name));
  for (const component of COMPONENTS) link(builtFile('components'), join(LIBEXEC, component));
}

/** Only what looks at the chart, and speaks to a cluster that is there: needs no root. */
export const installChartPrograms = async () => make(CHECKS);

async function make(names) {
  await needPackages(() => onPath('go'), ['golang-go']);
  for (const folder of [BIN, LIBEXEC]) mkdirSync(folder, { recursive: true });
  const missing = names.filter((name) => !existsSync(builtFile(name)));
  if (missing.length > 0) await buildPrograms(missing);
  for (const name of ['kubectl', 'helm']) link(builtFile(name), join(BIN, name));
}

/** @returns paths by name: helm, kubectl, kubeconform, unittest and the folder `schemas` */
export const chartPrograms = () => Object.fromEntries(CHECKS.map((name) => [name, builtFile(name)]));

function link(target, path) {
  rmSync(path, { force: true });
  symlinkSync(target, path);
}

/** Where something is kept, by what it is made from: the versions, and its source where that is here. */
function builtFile(name) {
  const { module, from } = PROGRAMS[name] ?? { module: 'programs', from: '' };
  const folder = join(HERE, module);
  const sources = from.startsWith('./') ? readdirSync(join(folder, from)).toSorted().map((file) => join(from, file)) : [];
  const hash = createHash('sha256');
  for (const file of ['go.mod', 'go.sum', ...sources]) hash.update(readFileSync(join(folder, file)));
  if (name === SCHEMAS) hash.update(readFileSync(join(HERE, 'schemas.mjs')));
  return join(CACHE, 'built', `${name}-${hash.digest('hex').slice(0, 16)}`);
}

async function buildPrograms(names) {
  const work = mkdtempSync(join(CACHE, 'making-'));
  const env = {
    ...process.env, CGO_ENABLED: '0', GOFLAGS: '-buildvcs=false -trimpath -mod=readonly -modcacherw',
    // Four gigabytes that nothing needs afterwards, unless whoever builds keeps them.
    GOMODCACHE: process.env.GOMODCACHE ?? join(work, 'modules'), GOCACHE: process.env.GOCACHE ?? join(work, 'cache'),
  };
  mkdirSync(join(CACHE, 'built'), { recursive: true });
  try {
    for (const name of names) {
      const startedMs = Date.now();
      say(`building ${name} (${names.indexOf(name) + 1} of ${names.length}; all of them take some ten minutes on two cores, once) …`);
      const made = join(work, name);
      await (name === SCHEMAS ? makeSchemas(made, env) : compile(name, made, env));
      renameSync(made, builtFile(name));
      say(`building ${name}: ${((Date.now() - startedMs) / 1000).toFixed(0)} s`);
    }
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

async function compile(name, target, env) {
  const { module, from } = PROGRAMS[name];
  const cwd = join(HERE, module);
  const needed = linesOf(await runProgram('go', ['list', '-deps', from], { cwd, env })).filter(isPackage).length;
  let compiled = 0;
  const progress = setInterval(() => say(`building ${name}: ${compiled} of ${needed} packages`), PROGRESS_MS);
  try {
    // -v names each package as it is compiled.
    await runProgram('go', ['build', '-v', '-ldflags', linkerFlags(), '-o', target, from], { cwd, env, onOutput: (text) => { compiled += linesOf(text).filter(isPackage).length; } });
  } finally {
    clearInterval(progress);
  }
}

const linesOf = (text) => text.split('\n').filter((line) => line !== '');
/** What else go says, it begins with its name. */
const isPackage = (line) => !line.startsWith('go: ');

async function makeSchemas(target, env) {
  const folder = await runProgram('go', ['list', '-m', '-f', '{{.Dir}}', 'k8s.io/kubernetes'], { cwd: join(HERE, 'programs'), env });
  writeSchemas(join(folder.trim().split('\n').at(-1), 'api', 'openapi-spec', 'swagger.json'), target);
}

const versionOf = (module) => new RegExp(`^\\t${module} (v\\S+)$`, 'm').exec(readFileSync(join(HERE, 'programs', 'go.mod'), 'utf8'))[1];

const set = (packages, values) => packages.flatMap((each) => Object.entries(values).map(([name, value]) => `-X ${each}.${name}=${value}`));

/** The programs say the version that they are; Helm compares a chart's kubeVersion with the one it was built for. */
function linkerFlags() {
  const kubernetes = versionOf('k8s.io/kubernetes');
  const [, major, minor] = /^v(\d+)\.(\d+)/.exec(kubernetes);
  const version = { gitVersion: kubernetes, gitMajor: major, gitMinor: minor, gitTreeState: 'clean', buildDate: '1970-01-01T00:00:00Z' };
  return ['-s', '-w',
    ...set(['k8s.io/component-base/version', 'k8s.io/client-go/pkg/version'], version),
    ...set(['helm.sh/helm/v3/internal/version'], { version: versionOf('helm.sh/helm/v3') }),
    ...set(['helm.sh/helm/v3/pkg/chartutil', 'helm.sh/helm/v3/pkg/lint/rules'], { k8sVersionMajor: major, k8sVersionMinor: minor }),
  ].join(' ');
}
