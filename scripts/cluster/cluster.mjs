/** kubectl and Helm on one namespace of one cluster. */
import { execFile, spawn } from 'node:child_process';
import { promisify } from 'node:util';

const DEFAULT_TIMEOUT_SECONDS = 60;
const MAX_OUTPUT_BYTES = 64 << 20;

/** @returns what was printed on standard output: warnings go to the other one, and are shown where it fails */
const run = async (program, args, options) => (await promisify(execFile)(program, args, { ...options, maxBuffer: MAX_OUTPUT_BYTES })).stdout;

export class Cluster {
  #options;

  /** @param options kubectl, helm: programs; kubeconfig, context: which cluster; namespace */
  constructor(options) {
    this.#options = options;
  }

  get namespace() {
    return this.#options.namespace;
  }

  in(namespace) {
    return new Cluster({ ...this.#options, namespace });
  }

  async kubectl(args, { timeoutSeconds = DEFAULT_TIMEOUT_SECONDS } = {}) {
    return run(this.#options.kubectl, [...this.#target('--context'), ...args], this.#spawning(timeoutSeconds));
  }

  async helm(args, { timeoutSeconds = DEFAULT_TIMEOUT_SECONDS } = {}) {
    return run(this.#options.helm, [...this.#target('--kube-context'), ...args], this.#spawning(timeoutSeconds));
  }

  async json(...args) {
    return JSON.parse(await this.kubectl([...args, '-o', 'json']));
  }

  /** @param objects manifests, given to kubectl by its standard input */
  async create(...objects) {
    const child = spawn(this.#options.kubectl, [...this.#target('--context'), 'apply', '-f', '-'], { ...this.#spawning(DEFAULT_TIMEOUT_SECONDS), stdio: ['pipe', 'pipe', 'pipe'] });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => { output += chunk; });
    child.stdin.end(JSON.stringify({ apiVersion: 'v1', kind: 'List', items: objects }));
    const code = await new Promise((resolve, reject) => { child.on('error', reject).on('close', resolve); });
    if (code !== 0) throw new Error(output);
  }

  #target(contextFlag) {
    const { context, namespace } = this.#options;
    return [...(context === undefined ? [] : [contextFlag, context]), '--namespace', namespace];
  }

  #spawning(timeoutSeconds) {
    const { kubeconfig } = this.#options;
    return { timeout: timeoutSeconds * 1000, env: { ...process.env, ...(kubeconfig === undefined ? {} : { KUBECONFIG: kubeconfig }) } };
  }
}
