import { S3ServiceException } from '@aws-sdk/client-s3';
import { isCodedError } from '@medveil/encoding';
import { storeError } from './errors.js';

/** The HTTP status of an S3 server's refusal; undefined for any other error. */
export const statusOf = (error: unknown): number | undefined => (error instanceof S3ServiceException ? error.$metadata.httpStatusCode : undefined);

/** `If-None-Match: *` did not hold (412), or another conditional write was under way (409). */
export const isTaken = (error: unknown): boolean => statusOf(error) === 412 || statusOf(error) === 409;

export const isAbsent = (error: unknown): boolean => statusOf(error) === 404;

/** Runs `run`; what fails is told under a code of the port. The server's text stays here: it may quote keys. */
export async function guarded<T>(run: () => Promise<T>): Promise<T> {
  try {
    return await run();
  } catch (error) {
    throw asUnavailable(error);
  }
}

export function asUnavailable(error: unknown): Error {
  if (isCodedError(error)) return error;
  const name = error instanceof Error ? error.name : 'unknown';
  const status = statusOf(error);
  return storeError('object-store/unavailable', 'the object store does not serve', { name, ...(status === undefined ? {} : { status }) });
}
