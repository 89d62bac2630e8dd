import { S3Client } from '@aws-sdk/client-s3';

export interface S3ConnectionOptions {
  /** Of an S3-compatible server; absent: AWS, by the region. */
  readonly endpoint?: string;
  readonly region: string;
  /** Absent: the SDK's own chain (the machine's role, a web identity). */
  readonly credentials?: { readonly accessKeyId: string; readonly secretAccessKey: string };
  /** `<endpoint>/<bucket>` instead of `<bucket>.<endpoint>`: what most servers other than AWS want. */
  readonly forcePathStyle: boolean;
  readonly connectTimeoutMs: number;
  /** Longest silence on a connection, also in the middle of a body. */
  readonly idleTimeoutMs: number;
  /** Tries of one request, with the SDK's backoff between them. */
  readonly maxAttempts: number;
  readonly maxConnections: number;
}

export function s3Client(options: S3ConnectionOptions): S3Client {
  const { endpoint, region, credentials, forcePathStyle, connectTimeoutMs, idleTimeoutMs, maxAttempts, maxConnections } = options;
  const agent = { keepAlive: true, maxSockets: maxConnections };
  return new S3Client({
    region,
    forcePathStyle,
    maxAttempts,
    ...(endpoint === undefined ? {} : { endpoint }),
    ...(credentials === undefined ? {} : { credentials }),
    requestHandler: { connectionTimeout: connectTimeoutMs, socketTimeout: idleTimeoutMs, httpAgent: agent, httpsAgent: agent },
    // The store hashes every whole object itself; a checksum of what is sent goes along (CRC32, the SDK's default).
    responseChecksumValidation: 'WHEN_REQUIRED',
  });
}
