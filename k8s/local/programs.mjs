/** The programs of the cluster: Debian's packages, and what is built from the Go modules of programs/, once. */
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { needPackages, onPath, runProgram, say } from '../../scripts/servers/install.mjs';
import { BIN, CACHE, HERE } from './layout.mjs';

const MODULE = join(HERE, 'programs');
const COMPONENTS = ['etcd', 'kube-apiserver', 'kube-controller-manager', 'kube-proxy', 'kube-scheduler', 'kubelet'];

/** Packages by the path that each must have brought. */
const PACKAGES = {
  '/usr/bin/containerd': 'containerd', '/usr/sbin/runc': 'runc', '/usr/lib/cni/ptp': 'containernetworking-plugins', '/usr/sbin/nft': 'nftables',
  '/usr/sbin/conntrack': 'conntrack', '/usr/sbin/iptables': 'iptables', '/usr/sbin/ip': 'iproute2', '/usr/sbin/sysctl': 'procps', '/usr/bin/openssl': 'openssl',
};

/** What is built: the package of each program, and the folder of its source where that is here. */
const PROGRAMS = {
  node: { from: './node' },
  kubectl: { from: 'k8s.io/kubernetes/cmd/kubectl' },
  helm: { from: 'helm.sh/helm/v3/cmd/helm' },
  policies: { from: './policies' },
  dns: { from: './dns' },
  pause: { from: './pause' },
};

export async function installPrograms() {
  await needPackages(() => Object.keys(PACKAGES).every((path) => existsSync(path)), Object.values(PACKAGES));
  await needPackages(() => onPath('go'), ['golang-go']);
  mkdirSync(BIN, { recursive: true });
  const missing = Object.keys(PROGRAMS).filter((name) => !existsSync(builtFile(name)));
  if (missing.length > 0) await buildPrograms(missing);
  for (const name of Object.keys(PROGRAMS)) link(builtFile(name), join(BIN, name));
  for (const component of COMPONENTS) link(builtFile('node'), join(BIN, component));
}

function link(target, path) {
  rmSync(path, { force: true });
  symlinkSync(target, path);
}

/** Where a program is kept, by what it is made from: the versions, and its source where that is here. */
function builtFile(name) {
  const hash = createHash('sha256').update(readFileSync(join(MODULE, 'go.mod'))).update(readFileSync(join(MODULE, 'go.sum')));
  const { from } = PROGRAMS[name];
  if (from.startsWith('./')) for (const file of readdirSync(join(MODULE, from)).toSorted()) hash.update(readFileSync(join(MODULE, from, file)));
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
      say(`building ${name} (${names.indexOf(name) + 1} of ${names.length}; all of them take 8 minutes on two cores, once) …`);
      const made = join(work, name);
      await runProgram('go', ['build', '-ldflags', linkerFlags(), '-o', made, PROGRAMS[name].from], { cwd: MODULE, env });
      renameSync(made, builtFile(name));
      say(`building ${name}: ${((Date.now() - startedMs) / 1000).toFixed(0)} s`);
    }
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

const versionOf = (module) => new RegExp(`^\\t${module} (v\\S+)$`, 'm').exec(readFileSync(join(MODULE, 'go.mod'), 'utf8'))[1];

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
