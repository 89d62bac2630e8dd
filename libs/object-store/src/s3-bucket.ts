import {
  BucketAlreadyExists, BucketAlreadyOwnedByYou, CreateBucketCommand, GetBucketVersioningCommand, GetObjectLockConfigurationCommand, PutBucketVersioningCommand, type S3Client,
} from '@aws-sdk/client-s3';
import { storeError } from './errors.js';
import { guarded, isAbsent } from './s3-errors.js';

/** What the bucket must do with objects that are deleted or overwritten; `object-lock` includes `versioning`. */
export type BucketProtection = 'none' | 'versioning' | 'object-lock';

/** Creates the bucket where it is absent, with its protection. */
export async function createBucket(client: S3Client, bucket: string, protection: BucketProtection): Promise<void> {
  await guarded(async () => {
    try {
      await client.send(new CreateBucketCommand({ Bucket: bucket, ...(protection === 'object-lock' ? { ObjectLockEnabledForBucket: true } : {}) }));
    } catch (error) {
      if (error instanceof BucketAlreadyOwnedByYou || error instanceof BucketAlreadyExists) return;
      throw error;
    }
    if (protection === 'versioning') {
      await client.send(new PutBucketVersioningCommand({ Bucket: bucket, VersioningConfiguration: { Status: 'Enabled' } }));
    }
  });
}

/** @throws CodedError `object-store/unprotected` where the bucket does less than the settings ask for */
export async function assertProtected(client: S3Client, bucket: string, protection: BucketProtection): Promise<void> {
  if (protection === 'none') return;
  const versioning = await guarded(async () => client.send(new GetBucketVersioningCommand({ Bucket: bucket })));
  if (versioning.Status !== 'Enabled') throw storeError('object-store/unprotected', 'the bucket keeps no versions', { bucket });
  if (protection === 'versioning') return;
  const isLocking = await guarded(async () => {
    try {
      const { ObjectLockConfiguration: lock } = await client.send(new GetObjectLockConfigurationCommand({ Bucket: bucket }));
      return lock?.ObjectLockEnabled === 'Enabled';
    } catch (error) {
      if (isAbsent(error)) return false;
      throw error;
    }
  });
  if (!isLocking) throw storeError('object-store/unprotected', 'the bucket locks no objects', { bucket });
}
