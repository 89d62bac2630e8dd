import { CodedError } from '@medveil/encoding';
import type { ObjectStoreErrorCode } from './port.js';

export const storeError = (
  code: ObjectStoreErrorCode,
  message: string,
  details: Readonly<Record<string, string | number>> = {},
  options?: ErrorOptions,
): CodedError<ObjectStoreErrorCode> => new CodedError<ObjectStoreErrorCode>(code, message, details, options);
