import { CodedError, isCodedError } from '@medveil/encoding';
import type { DatabaseErrorCode } from './port.js';

export const databaseError = (
  code: DatabaseErrorCode,
  message: string,
  details: Readonly<Record<string, string | number | boolean | null>> = {},
  options?: ErrorOptions,
): CodedError<DatabaseErrorCode> => new CodedError(code, message, details, options);

/** What is kept of an error: its code. Messages may quote data. */
export const errorCode = (error: unknown, otherwise: string): string => (isCodedError(error) ? error.code : otherwise);
