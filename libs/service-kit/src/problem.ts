import { STATUS_CODES } from 'node:http';
import { HttpException } from '@nestjs/common';
import { CodedError, isCodedError } from '@medveil/encoding';
import { z } from 'zod';
import type { ErrorStatuses, HttpErrorCode } from './errors.js';

/** RFC 9457, with the stable `code` that programs go by. */
export const problemSchema = z.object({
  type: z.string(),
  title: z.string(),
  status: z.int(),
  code: z.string(),
  detail: z.string().optional(),
  requestId: z.string().optional(),
  details: z.record(z.string(), z.union([z.string(), z.number(), z.boolean(), z.null()])).optional(),
  issues: z.array(z.object({ path: z.string(), message: z.string() })).optional(),
});
export type Problem = z.infer<typeof problemSchema>;

/** A request that does not fit its schema. */
export class InvalidRequestError extends CodedError<'http/invalid-request'> {
  constructor(readonly issues: readonly { readonly path: string; readonly message: string }[]) {
    super('http/invalid-request', 'the request does not fit its schema', { issues: issues.length });
  }
}

const KIT_STATUSES: Readonly<Record<HttpErrorCode, number>> = {
  'http/bad-request': 400,
  'http/invalid-request': 400,
  'http/unauthenticated': 401,
  'http/forbidden': 403,
  'http/undeclared-access': 403,
  'http/not-found': 404,
  'http/conflict': 409,
  'http/too-large': 413,
  'http/too-many-requests': 429,
  'http/idempotency-key-invalid': 400,
  'http/idempotency-key-reused': 422,
  'http/idempotency-in-progress': 409,
  'http/bad-cursor': 400,
  'http/shutting-down': 503,
  'http/unavailable': 503,
  'http/internal': 500,
};

/** What the shared libraries throw and every service means the same by. */
const LIBRARY_STATUSES: ErrorStatuses = {
  'encoding/bad-text': 400,
  'encoding/not-canonical': 400,
  'object-store/not-found': 404,
  'object-store/bad-key': 400,
  'object-store/bad-range': 416,
  'object-store/digest-mismatch': 422,
  'object-store/size-mismatch': 422,
  'object-store/too-large': 413,
  'object-store/unavailable': 503,
  'database/unavailable': 503,
  'database/closed': 503,
  'database/conflict': 503,
  'database/transaction-timeout': 503,
  'messaging/queue-full': 503,
  'messaging/unavailable': 503,
  'messaging/closed': 503,
};

const CODE_OF_STATUS: Readonly<Record<number, HttpErrorCode>> = {
  401: 'http/unauthenticated',
  403: 'http/forbidden',
  404: 'http/not-found',
  409: 'http/conflict',
  413: 'http/too-large',
  429: 'http/too-many-requests',
  503: 'http/unavailable',
};

export interface MappedError {
  readonly problem: Problem;
  /** Something nobody expected: to be logged as an error. */
  readonly isUnexpected: boolean;
}

/** @returns how an error of any kind looks to a caller; of an unexpected one nothing but that it happened */
export function createErrorMapper(statuses: ErrorStatuses = {}): (error: unknown) => MappedError {
  const known: ErrorStatuses = { ...LIBRARY_STATUSES, ...KIT_STATUSES, ...statuses };
  const statusOf = (code: string): number | undefined => known[code] ?? known[`${code.split('/')[0] ?? ''}/*`];
  return (error) => {
    if (!isCodedError(error)) return mapForeign(error);
    const status = statusOf(error.code);
    if (status === undefined) return internal();
    const problem = problemOf(status, error.code, error.message);
    if (status >= 500) return { problem, isUnexpected: false };
    const issues = error instanceof InvalidRequestError ? { issues: [...error.issues] } : {};
    return { problem: { ...problem, details: { ...error.details }, ...issues }, isUnexpected: false };
  };
}

/** Errors of Nest and Fastify: their messages may quote the request, so only their status is passed on. */
function mapForeign(error: unknown): MappedError {
  const status = foreignStatus(error);
  if (status === undefined || status >= 600 || (status >= 500 && status !== 503)) return internal();
  return { problem: problemOf(status, CODE_OF_STATUS[status] ?? 'http/bad-request'), isUnexpected: false };
}

function foreignStatus(error: unknown): number | undefined {
  if (error instanceof HttpException) return error.getStatus();
  const status: unknown = error instanceof Error && 'statusCode' in error ? error.statusCode : undefined;
  return typeof status === 'number' && status >= 400 ? status : undefined;
}

const internal = (): MappedError => ({ problem: problemOf(500, 'http/internal'), isUnexpected: true });

const problemOf = (status: number, code: string, detail?: string): Problem => ({
  type: `urn:medveil:problem:${code.replace('/', ':')}`,
  title: STATUS_CODES[status] ?? 'Error',
  status,
  code,
  ...(detail === undefined ? {} : { detail }),
});
