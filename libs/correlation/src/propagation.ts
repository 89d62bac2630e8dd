import { acceptedCorrelationId, type Correlation, currentCorrelation } from './correlation.js';
import { currentTraceparent } from './spans.js';

/** Header names of requests between services that trust each other with them. */
const REQUEST_ID = 'x-request-id';
const EXCHANGE_ID = 'x-exchange-id';
const TRACEPARENT = 'traceparent';

/**
 * What a service sends along to another of its own trust domain. An agent must send none of it to others: an identifier that stands in
 * requests of a patient's E-Cert and of a pseudonym says that they are one.
 */
export function outgoingHeaders(): Record<string, string> {
  const { requestId, exchangeId } = currentCorrelation();
  const traceparent = currentTraceparent();
  return {
    ...(requestId === undefined ? {} : { [REQUEST_ID]: requestId }),
    ...(exchangeId === undefined ? {} : { [EXCHANGE_ID]: exchangeId }),
    ...(traceparent === undefined ? {} : { [TRACEPARENT]: traceparent }),
  };
}

/** What came along, where it has an acceptable form. */
export interface Incoming {
  readonly correlation: Correlation;
  readonly traceparent: string | undefined;
}

export function incomingHeaders(headers: Readonly<Record<string, unknown>>): Incoming {
  const requestId = acceptedCorrelationId(headers[REQUEST_ID]);
  const exchangeId = acceptedCorrelationId(headers[EXCHANGE_ID]);
  const traceparent = headers[TRACEPARENT];
  return {
    correlation: { ...(requestId === undefined ? {} : { requestId }), ...(exchangeId === undefined ? {} : { exchangeId }) },
    traceparent: typeof traceparent === 'string' && traceparent.length <= MAX_TRACEPARENT_LENGTH ? traceparent : undefined,
  };
}

/** Version 00 has 55 characters; later ones may have more. */
const MAX_TRACEPARENT_LENGTH = 256;
