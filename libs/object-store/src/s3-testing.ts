import { DeleteBucketCommand, DeleteObjectCommand, GetObjectCommand, ListObjectsV2Command, ListObjectVersionsCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
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

/** The object below a prefix that was written last, and a way past the store to put other bytes in its place. */
export async function newestObject(bucket: string, prefix: string): Promise<{ readonly bytes: Uint8Array; replace(bytes: Uint8Array): Promise<void> }> {
  const client = directClient();
  const { Contents = [] } = await client.send(new ListObjectsV2Command({ Bucket: bucket, Prefix: prefix }));
  const Key = Contents.toSorted((a, b) => Number(b.LastModified) - Number(a.LastModified))[0]?.Key ?? '';
  const { Body, Metadata = {} } = await client.send(new GetObjectCommand({ Bucket: bucket, Key }));
  const bytes = await Body?.transformToByteArray();
  client.destroy();
  if (bytes === undefined) throw new Error('the object has no content');
  return {
    bytes,
    replace: async (Content) => {
      const writer = directClient();
      await writer.send(new PutObjectCommand({ Bucket: bucket, Key, Body: Content, Metadata }));
      writer.destroy();
    },
  };
}
