import { DeleteBucketCommand, DeleteObjectCommand, ListObjectVersionsCommand, S3Client } from '@aws-sdk/client-s3';
import { testEndpoint } from '../../../scripts/servers/index.mjs';

/** The S3 server for tests: an URL with its keys. */
export const s3Url = (): URL => new URL(testEndpoint('s3'));

/** A client of the server for tests, beside the store. */
export function directClient(): S3Client {
  const { origin, username, password } = s3Url();
  return new S3Client({ endpoint: origin, region: 'us-east-1', forcePathStyle: true, credentials: { accessKeyId: username, secretAccessKey: password } });
}

/** Everything of a bucket, past and present, and the bucket. */
export async function removeBucket(bucket: string): Promise<void> {
  const client = directClient();
  const { Versions = [], DeleteMarkers = [] } = await client.send(new ListObjectVersionsCommand({ Bucket: bucket }));
  for (const { Key, VersionId } of [...Versions, ...DeleteMarkers]) await client.send(new DeleteObjectCommand({ Bucket: bucket, Key, VersionId, BypassGovernanceRetention: true }));
  await client.send(new DeleteBucketCommand({ Bucket: bucket }));
  client.destroy();
}
