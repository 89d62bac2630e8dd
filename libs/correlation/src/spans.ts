import { type Context, context, propagation, type Span, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';

/**
 * Spans of OpenTelemetry. Without `startTracing` in this process they are nothing, and cost next to nothing.
 * What may stand in one is a closed list, as in logs: patterns, kinds and codes; no identifier, no address of a record, no value of a patient.
 */
export type SpanAttributes = Readonly<Partial<Record<
  | 'error.type' | 'http.request.method' | 'http.route' | 'medveil.circuit' | 'medveil.job.kind' | 'medveil.service' | 'messaging.destination.name' | 'messaging.message.type',
  string
> & Record<'http.response.status_code', number>>>;

export type SpanRole = 'client' | 'server' | 'producer' | 'consumer' | 'internal';

const KINDS: Readonly<Record<SpanRole, SpanKind>> = {
  client: SpanKind.CLIENT, server: SpanKind.SERVER, producer: SpanKind.PRODUCER, consumer: SpanKind.CONSUMER, internal: SpanKind.INTERNAL,
};

export interface SpanOptions {
  readonly role: SpanRole;
  readonly attributes?: SpanAttributes;
  /** W3C trace context of who asked for it, as it came; what is none is left out. Default: the span that is under way. */
  readonly parent?: string | undefined;
}

/** A span that begins and ends in different places. */
export class OpenSpan {
  readonly #span: Span;
  readonly #context: Context;

  private constructor(span: Span, active: Context) {
    this.#span = span;
    this.#context = active;
  }

  static begin(name: string, { role, attributes = {}, parent }: SpanOptions): OpenSpan {
    const before = parent === undefined ? context.active() : propagation.extract(context.active(), { traceparent: parent });
    const span = trace.getTracer('medveil').startSpan(name, { kind: KINDS[role], attributes }, before);
    return new OpenSpan(span, trace.setSpan(before, span));
  }

  /** Runs `fn`, and whatever it starts, within the span. */
  within<T>(fn: () => T): T {
    return context.with(this.#context, fn);
  }

  /** @param error what ended it early: its code or its class is told, never its message */
  end({ name, attributes = {}, error }: { readonly name?: string; readonly attributes?: SpanAttributes; readonly error?: unknown } = {}): void {
    if (name !== undefined) this.#span.updateName(name);
    this.#span.setAttributes(attributes);
    if (error !== undefined) {
      this.#span.setAttribute('error.type', errorType(error));
      this.#span.setStatus({ code: SpanStatusCode.ERROR });
    }
    this.#span.end();
  }
}

/** Does `work` within a span of its own. */
export async function inSpan<T>(name: string, options: SpanOptions, work: () => Promise<T>): Promise<T> {
  const span = OpenSpan.begin(name, options);
  try {
    const result = await span.within(work);
    span.end();
    return result;
  } catch (error) {
    span.end({ error });
    throw error;
  }
}

/** W3C trace context of the span that is under way, to be sent along; undefined where nothing is traced. */
export function currentTraceparent(): string | undefined {
  const carrier: Record<string, string> = {};
  propagation.inject(context.active(), carrier);
  return carrier['traceparent'];
}

function errorType(error: unknown): string {
  if (!(error instanceof Error)) return typeof error;
  const code: unknown = 'code' in error ? error.code : undefined;
  return typeof code === 'string' ? code : error.name;
}
