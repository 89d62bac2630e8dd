import { CodedError, isCodedError } from '@medveil/encoding';
import type { MessagingErrorCode } from './port.js';

export const messagingError = (
  code: MessagingErrorCode,
  message: string,
  details: Readonly<Record<string, string | number | boolean | null>> = {},
  options?: ErrorOptions,
): CodedError<MessagingErrorCode> => new CodedError(code, message, details, options);

/**
 * Thrown by a handler for which trying again is pointless: the message goes to the dead letters at once.
 * `reason` is a stable code.
 */
export class UnprocessableMessageError extends CodedError<'messaging/unprocessable'> {
  constructor(readonly reason: string, options?: ErrorOptions) {
    super('messaging/unprocessable', 'the message cannot be processed', { reason }, options);
  }
}

/** The code under which a failed handling is counted and dead-lettered. */
export function failureReason(error: unknown): string {
  if (error instanceof UnprocessableMessageError) return error.reason;
  return isCodedError(error) ? error.code : 'handler/failed';
}
