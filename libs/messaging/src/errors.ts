import { CodedError, isCodedError } from '@medveil/encoding';
import type { MessagingErrorCode, OutgoingMessage } from './port.js';

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

export const MAX_KEY_LENGTH = 256;

/** @throws CodedError `messaging/too-large` */
export function assertSendable({ topic, key, value }: OutgoingMessage, maxBytes: number): void {
  if (value.length <= maxBytes && key.length <= MAX_KEY_LENGTH) return;
  throw messagingError('messaging/too-large', 'message or key above the limit', { topic, bytes: value.length, maxBytes });
}
