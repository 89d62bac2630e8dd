/** An S3 server over a folder: versitygw, or MinIO where asked for. Both are built from their Go modules. */
import { randomBytes } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { goProgram } from './install.mjs';
import { freePorts, startProcess, withFolder } from './process.mjs';

const programs = {
  versitygw: () => goProgram('versitygw', 'github.com/versity/versitygw/cmd/versitygw', 'v1.8.0'),
  minio: () => goProgram('minio', 'github.com/minio/minio', 'v0.0.0-20260212201848-7aac2a2c5b7c'),
};

/** Which one: `kind`, else MEDVEIL_S3_SERVER, else versitygw. */
export const kindOf = ({ kind } = {}) => kind ?? process.env.MEDVEIL_S3_SERVER ?? 'versitygw';

export const install = async (options) => {
  const program = programs[kindOf(options)];
  if (program === undefined) throw new Error(`S3 server: one of ${Object.keys(programs).join(', ')}`);
  return program();
};

/** Facts: `endpoint`, an http:// URL with access key and secret as user and password. */
export const start = async (options = {}) => withFolder('s3', (folder) => startIn(folder, options));

async function startIn(folder, options) {
  const kind = kindOf(options);
  const program = await install(options);
  const [port] = await freePorts(1);
  const keys = { access: 'medveil', secret: randomBytes(16).toString('hex') };
  for (const name of ['data', 'versions', 'iam']) mkdirSync(join(folder, name));
  const address = `127.0.0.1:${port}`;
  const { command, env, health } = kind === 'minio'
    ? {
        command: [program, 'server', '--quiet', '--address', address, join(folder, 'data')],
        env: { MINIO_ROOT_USER: keys.access, MINIO_ROOT_PASSWORD: keys.secret, MINIO_BROWSER: 'off', MINIO_UPDATE: 'off', MINIO_CI_CD: '1', MINIO_API_ODIRECT: 'off' },
        health: '/minio/health/ready',
      }
    : {
        command: [program, '--port', address, '--health', '/health', '--iam-dir', join(folder, 'iam'), '--quiet', 'posix', '--versioning-dir', join(folder, 'versions'), join(folder, 'data')],
        env: { ROOT_ACCESS_KEY: keys.access, ROOT_SECRET_KEY: keys.secret },
        health: '/health',
      };
  return startProcess({
    name: 's3', folder, outlives: options.outlives, command, env, ready: async () => (await fetch(`http://${address}${health}`)).ok,
    facts: { endpoint: `http://${keys.access}:${keys.secret}@${address}`, kind },
  });
}
