/** Where the local cluster keeps things, and its addresses. It has namespaces of its own, so fixed addresses and ports meet nobody else's. */
import { homedir, tmpdir } from 'node:os';
import { basename, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

export const HERE = fileURLToPath(new URL('.', import.meta.url));

/** Programs and images that take long to make. */
export const CACHE = process.env.MEDVEIL_CLUSTER_CACHE ?? join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'medveil', 'cluster');
/** kubectl and helm, for a PATH. */
export const BIN = join(CACHE, 'bin');
/** What runs in the cluster, by names that are for no PATH. */
export const LIBEXEC = join(CACHE, 'libexec');

/** All that a running cluster writes: one cluster for each such folder. */
export const STATE = resolve(process.env.MEDVEIL_CLUSTER_STATE ?? join(tmpdir(), 'medveil-cluster'));
export const KUBECONFIG = join(STATE, 'admin.kubeconfig');
export const CONTAINERD_SOCKET = join(STATE, 'containerd.sock');
/** Leads to the API server from outside the cluster's network. */
export const API_SOCKET = join(STATE, 'api.sock');
/** Where the controller manager's provisioner makes volumes; it knows no other place. The cluster sees a folder of its own there. */
export const PROVISIONED = '/tmp/hostpath_pv';
/** The pods' control groups are below this one. */
export const CGROUP = basename(STATE);

export const NODE = 'local';
export const NODE_ADDRESS = '192.168.77.1';
export const POD_NETWORK = '10.244.0.0/24';
export const SERVICE_NETWORK = '10.96.0.0/16';
export const API_SERVICE_ADDRESS = '10.96.0.1';
export const DNS_ADDRESS = '10.96.0.10';
export const API_PORT = 6443;

/** Where images on the node come from by their names: a place that nobody can ask for them (RFC 2606). */
export const REGISTRY = 'local.invalid';
export const PAUSE_IMAGE = `${REGISTRY}/pause:1`;
export const DNS_IMAGE = `${REGISTRY}/dns:1`;

/** Where an image is kept that the cluster needs before anything else. */
export const archiveOf = (image) => join(CACHE, 'archives', `${image.replace(/[/:]/g, '-')}.tar`);
