/** Codes of the HTTP edge itself; libraries and services bring their own (`ServiceOptions.errors`). */
export type HttpErrorCode =
  | 'http/bad-request'
  | 'http/invalid-request'
  | 'http/unauthenticated'
  | 'http/forbidden'
  | 'http/undeclared-access'
  | 'http/not-found'
  | 'http/conflict'
  | 'http/too-large'
  | 'http/too-many-requests'
  | 'http/idempotency-key-invalid'
  | 'http/idempotency-key-reused'
  | 'http/idempotency-in-progress'
  | 'http/bad-cursor'
  | 'http/shutting-down'
  | 'http/unavailable'
  | 'http/internal';

/** Which HTTP status an error code becomes: exact codes, or a whole library by `'library/*'`. */
export type ErrorStatuses = Readonly<Record<string, number>>;
