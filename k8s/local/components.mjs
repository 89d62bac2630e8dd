/** The components of the node: their settings and their command lines. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { certificateFile, keyFile, kubeconfigFile } from './keys.mjs';
import {
  API_PORT, CGROUP, CONTAINERD_SOCKET, DNS_ADDRESS, LIBEXEC, NODE, NODE_ADDRESS, PAUSE_IMAGE, POD_NETWORK, SERVICE_NETWORK, STATE,
} from './layout.mjs';

const state = (...path) => join(STATE, ...path);
const flags = (values) => Object.entries(values).map(([name, value]) => `--${name}=${value}`);

/** Writes the files that the components read. */
export function writeSettings() {
  for (const folder of ['settings', 'network', 'logs', 'volumes']) mkdirSync(state(folder), { recursive: true });
  write('settings/containerd.toml', containerd());
  write('network/10-pods.conflist', podNetwork());
  write('settings/kubelet.json', kubelet());
  write('settings/kube-proxy.json', kubeProxy());
  // The cluster has no way out, so its names are all that can be resolved.
  write('settings/resolv.conf', '');
}

const write = (file, text) => writeFileSync(state(file), typeof text === 'string' ? text : JSON.stringify(text, null, 1));

/** restrict_oom_score_adj: a machine without CAP_SYS_RESOURCE may not lower a process's score. */
const containerd = () => `version = 2
root = "${state('containerd')}"
state = "${state('containerd-run')}"
[grpc]
  address = "${CONTAINERD_SOCKET}"
[plugins."io.containerd.internal.v1.opt"]
  path = "${state('containerd-opt')}"
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "${PAUSE_IMAGE}"
  disable_apparmor = true
  restrict_oom_score_adj = true
  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = "/usr/lib/cni"
    conf_dir = "${state('network')}"
  [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
    runtime_type = "io.containerd.runc.v2"
`;

/** Pods are joined to the node one by one (ptp), so that each packet between two of them is routed, where policies are enforced. */
const podNetwork = () => ({
  cniVersion: '0.4.0',
  name: 'pods',
  plugins: [
    {
      type: 'ptp', ipMasq: false,
      ipam: { type: 'host-local', dataDir: state('addresses'), ranges: [[{ subnet: POD_NETWORK }]], routes: [{ dst: '0.0.0.0/0' }] },
    },
    { type: 'portmap', capabilities: { portMappings: true } },
  ],
});

const kubelet = () => ({
  apiVersion: 'kubelet.config.k8s.io/v1beta1',
  kind: 'KubeletConfiguration',
  address: NODE_ADDRESS,
  authentication: { anonymous: { enabled: false }, webhook: { enabled: true }, x509: { clientCAFile: certificateFile('ca') } },
  authorization: { mode: 'Webhook' },
  tlsCertFile: certificateFile('kubelet'),
  tlsPrivateKeyFile: keyFile('kubelet'),
  containerRuntimeEndpoint: `unix://${CONTAINERD_SOCKET}`,
  cgroupDriver: 'cgroupfs',
  cgroupRoot: `/${CGROUP}`,
  failCgroupV1: false,
  failSwapOn: false,
  clusterDNS: [DNS_ADDRESS],
  clusterDomain: 'cluster.local',
  resolvConf: state('settings', 'resolv.conf'),
  podLogsDir: state('pod-logs'),
  volumePluginDir: state('plugins'),
  makeIPTablesUtilChains: false,
  // The disk is the machine's, and how full it is no matter of a test.
  evictionHard: { 'memory.available': '100Mi', 'nodefs.available': '1%', 'imagefs.available': '1%' },
  imageGCHighThresholdPercent: 100,
  serializeImagePulls: false,
  maxPods: 110,
});

const kubeProxy = () => ({
  apiVersion: 'kubeproxy.config.k8s.io/v1alpha1',
  kind: 'KubeProxyConfiguration',
  mode: 'nftables',
  clientConnection: { kubeconfig: kubeconfigFile('proxy') },
  clusterCIDR: POD_NETWORK,
  hostnameOverride: NODE,
  // The kernel's own values: they cannot be set in a network namespace.
  conntrack: { maxPerCore: 0, min: 0, tcpEstablishedTimeout: '0s', tcpCloseWaitTimeout: '0s' },
});

const ETCD = 'http://127.0.0.1:2379';

/** Program and arguments by name, those first that the others wait for. */
export const FOUNDATION = {
  containerd: ['containerd', '--config', state('settings', 'containerd.toml')],
  // Its content is thrown away with the cluster: it need not reach the disk.
  etcd: [join(LIBEXEC, 'etcd'), ...flags({
    'data-dir': state('etcd'), 'unsafe-no-fsync': true, 'log-level': 'warn', 'listen-client-urls': ETCD, 'advertise-client-urls': ETCD,
  })],
  'kube-apiserver': [join(LIBEXEC, 'kube-apiserver'), ...flags({
    'etcd-servers': ETCD,
    'advertise-address': NODE_ADDRESS,
    'secure-port': API_PORT,
    'service-cluster-ip-range': SERVICE_NETWORK,
    'tls-cert-file': certificateFile('api-server'),
    'tls-private-key-file': keyFile('api-server'),
    'client-ca-file': certificateFile('ca'),
    'kubelet-client-certificate': certificateFile('api-server-to-kubelet'),
    'kubelet-client-key': keyFile('api-server-to-kubelet'),
    'kubelet-certificate-authority': certificateFile('ca'),
    'kubelet-preferred-address-types': 'InternalIP',
    'service-account-issuer': 'https://kubernetes.default.svc',
    'service-account-key-file': keyFile('service-accounts'),
    'service-account-signing-key-file': keyFile('service-accounts'),
    'authorization-mode': 'Node,RBAC',
    'enable-admission-plugins': 'NodeRestriction',
    profiling: false,
  })],
};

const withKubeconfig = (caller) => ({
  kubeconfig: kubeconfigFile(caller),
  'authentication-kubeconfig': kubeconfigFile(caller),
  'authorization-kubeconfig': kubeconfigFile(caller),
  'leader-elect': false,
  'bind-address': '127.0.0.1',
});

export const REST = {
  'kube-controller-manager': [join(LIBEXEC, 'kube-controller-manager'), ...flags({
    ...withKubeconfig('controller-manager'),
    'service-account-private-key-file': keyFile('service-accounts'),
    'root-ca-file': certificateFile('ca'),
    'cluster-signing-cert-file': certificateFile('ca'),
    'cluster-signing-key-file': keyFile('ca'),
    'use-service-account-credentials': true,
    'enable-hostpath-provisioner': true,
    // On a busy machine the node may be late without being gone.
    'node-monitor-grace-period': '90s',
  })],
  'kube-scheduler': [join(LIBEXEC, 'kube-scheduler'), ...flags(withKubeconfig('scheduler'))],
  kubelet: [join(LIBEXEC, 'kubelet'), ...flags({
    config: state('settings', 'kubelet.json'), kubeconfig: kubeconfigFile('kubelet'), 'root-dir': state('kubelet'), 'hostname-override': NODE, 'node-ip': NODE_ADDRESS,
  })],
  'kube-proxy': [join(LIBEXEC, 'kube-proxy'), ...flags({ config: state('settings', 'kube-proxy.json') })],
  policies: [join(LIBEXEC, 'policies'), ...flags({ kubeconfig: kubeconfigFile('policies') })],
};
