/** The cluster's own authority, certificates for its components, and for who calls the API a kubeconfig. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { runProgram } from '../../scripts/servers/install.mjs';
import { API_SERVICE_ADDRESS, NODE, NODE_ADDRESS, STATE } from './layout.mjs';

const FOLDER = join(STATE, 'keys');
const DAYS = '365';
const SERVICE_NAMES = ['kubernetes', 'kubernetes.default', 'kubernetes.default.svc', 'kubernetes.default.svc.cluster.local', 'localhost'];

/** What each certificate says: its subject, whom it is shown to (usages), and the names of a server. */
const CERTIFICATES = {
  'api-server': {
    subject: '/CN=kube-apiserver', usages: 'serverAuth',
    names: [...['127.0.0.1', NODE_ADDRESS, API_SERVICE_ADDRESS].map((ip) => `IP:${ip}`), ...SERVICE_NAMES.map((name) => `DNS:${name}`)],
  },
  'api-server-to-kubelet': { subject: '/O=system:masters/CN=kube-apiserver-kubelet-client', usages: 'clientAuth' },
  kubelet: { subject: `/O=system:nodes/CN=system:node:${NODE}`, usages: 'serverAuth,clientAuth', names: [`DNS:${NODE}`, `IP:${NODE_ADDRESS}`] },
  admin: { subject: '/O=system:masters/CN=admin', usages: 'clientAuth' },
  'controller-manager': { subject: '/CN=system:kube-controller-manager', usages: 'clientAuth' },
  scheduler: { subject: '/CN=system:kube-scheduler', usages: 'clientAuth' },
  proxy: { subject: '/CN=system:kube-proxy', usages: 'clientAuth' },
  policies: { subject: '/CN=medveil:policies', usages: 'clientAuth' },
};
const CALLERS = ['admin', 'kubelet', 'controller-manager', 'scheduler', 'proxy', 'policies'];

export const keyFile = (name) => join(FOLDER, `${name}.key`);
export const certificateFile = (name) => join(FOLDER, `${name}.crt`);
export const kubeconfigFile = (caller) => join(STATE, `${caller}.kubeconfig`);

const openssl = async (...args) => runProgram('openssl', args, { cwd: FOLDER });

/** @param adminPort where the API server is reached from outside; all other callers are inside */
export async function makeKeys(adminPort, apiPort) {
  mkdirSync(FOLDER, { recursive: true, mode: 0o700 });
  await newKey('ca');
  await openssl('req', '-x509', '-new', '-key', 'ca.key', '-subj', '/CN=local cluster', '-days', DAYS, '-out', 'ca.crt',
    '-addext', 'basicConstraints=critical,CA:TRUE', '-addext', 'keyUsage=critical,keyCertSign,digitalSignature');
  await Promise.all([newKey('service-accounts'), ...Object.entries(CERTIFICATES).map(([name, content]) => certify(name, content))]);
  for (const caller of CALLERS) writeKubeconfig(caller, caller === 'admin' ? adminPort : apiPort);
}

const newKey = async (name) => openssl('ecparam', '-name', 'prime256v1', '-genkey', '-noout', '-out', keyFile(name));

async function certify(name, { subject, usages, names = [] }) {
  await newKey(name);
  await openssl('req', '-new', '-key', keyFile(name), '-subj', subject, '-out', `${name}.csr`);
  writeFileSync(join(FOLDER, `${name}.ext`), `extendedKeyUsage=${usages}\n${names.length === 0 ? '' : `subjectAltName=${names.join(',')}\n`}`);
  await openssl('x509', '-req', '-in', `${name}.csr`, '-CA', 'ca.crt', '-CAkey', 'ca.key', '-set_serial', `0x${Buffer.from(name).toString('hex')}`,
    '-days', DAYS, '-extfile', `${name}.ext`, '-out', certificateFile(name));
}

const base64 = (file) => readFileSync(file).toString('base64');

function writeKubeconfig(caller, port) {
  const config = {
    apiVersion: 'v1', kind: 'Config', 'current-context': 'medveil-local',
    clusters: [{ name: 'local', cluster: { server: `https://127.0.0.1:${port}`, 'certificate-authority-data': base64(certificateFile('ca')) } }],
    users: [{ name: caller, user: { 'client-certificate-data': base64(certificateFile(caller)), 'client-key-data': base64(keyFile(caller)) } }],
    contexts: [{ name: 'medveil-local', context: { cluster: 'local', user: caller } }],
  };
  writeFileSync(kubeconfigFile(caller), JSON.stringify(config), { mode: 0o600 });
}
