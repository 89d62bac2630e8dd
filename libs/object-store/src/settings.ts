import { type RandomBytes, secret } from '@medveil/encoding';
import { z } from 'zod';
import { FolderObjectStore } from './folder.js';
import type { ObjectStore } from './port.js';
import { S3ObjectStore } from './s3.js';

const MIB = 1024 * 1024;
const maxObjectBytes = z.int().min(1024).default(1024 * MIB);

/** A bucket of an S3 server, how to be known to it, and the limits of this service. */
export const s3Settings = z.strictObject({
  kind: z.literal('s3'),
  bucket: z.string().regex(/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/, { error: 'must be a bucket name' }),
  /** Ends with a slash where services share a bucket. */
  prefix: z.string().regex(/^([a-z0-9-]+\/)*$/, { error: 'must be empty or end with a slash' }).default(''),
  createBucket: z.boolean().default(false),
  /** What the bucket must do; a bucket that does less is refused at the start. */
  protection: z.enum(['none', 'versioning', 'object-lock']).default('none'),
  /** Of an S3-compatible server; without it AWS, by the region. */
  endpoint: z.url({ protocol: /^https?$/ }).optional(),
  region: z.string().min(1).default('us-east-1'),
  /** Without keys the machine's own role is used. */
  accessKeyId: z.string().min(1).optional(),
  secretAccessKey: secret(z.string().min(1)).optional(),
  forcePathStyle: z.boolean().default(true),
  encryption: z.enum(['AES256', 'aws:kms']).optional(),
  encryptionKeyId: z.string().min(1).optional(),
  partBytes: z.int().min(5 * MIB).max(512 * MIB).default(8 * MIB),
  concurrentParts: z.int().min(1).max(16).default(2),
  connectTimeoutMs: z.int().min(10).max(600_000).default(2_000),
  idleTimeoutMs: z.int().min(10).max(600_000).default(20_000),
  maxAttempts: z.int().min(1).max(20).default(4),
  maxConnections: z.int().min(1).max(1_000).default(64),
  maxObjectBytes,
}).refine(({ accessKeyId, secretAccessKey }) => (accessKeyId === undefined) === (secretAccessKey === undefined), { error: 'give both keys or neither' });

/** Which object store: a service's `objects` setting. */
export const objectStoreSettings = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('folder'), folder: z.string().min(1), maxObjectBytes }),
  s3Settings,
]);
export type ObjectStoreSettings = z.infer<typeof objectStoreSettings>;

export async function openObjectStore(settings: ObjectStoreSettings, random: RandomBytes): Promise<ObjectStore> {
  if (settings.kind === 'folder') {
    const { kind: _kind, ...options } = settings;
    return FolderObjectStore.open({ ...options, random });
  }
  const { kind: _kind, endpoint, accessKeyId, secretAccessKey, encryption, encryptionKeyId, ...options } = settings;
  return S3ObjectStore.open({
    ...options,
    ...(endpoint === undefined ? {} : { endpoint }),
    ...(accessKeyId === undefined || secretAccessKey === undefined ? {} : { credentials: { accessKeyId, secretAccessKey } }),
    ...(encryption === undefined ? {} : { encryption: { algorithm: encryption, ...(encryptionKeyId === undefined ? {} : { keyId: encryptionKeyId }) } }),
  });
}
