/** What ties the log lines and the spans of one piece of work together, within a service and across services. */
export { acceptedCorrelationId, type Correlation, currentCorrelation, withCorrelation } from './correlation.js';
export { type Incoming, incomingHeaders, outgoingHeaders } from './propagation.js';
export { currentTraceparent, inSpan, OpenSpan, type SpanAttributes, type SpanOptions, type SpanRole } from './spans.js';
export { startTracing, type Tracing, type TracingOptions } from './start-tracing.js';
