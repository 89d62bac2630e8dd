import { context, propagation, trace } from '@opentelemetry/api';

export interface TracingOptions {
  /** where an OpenTelemetry collector takes traces over OTLP/HTTP, for example `http://collector:4318/v1/traces` */
  readonly endpoint: string;
  /** of all traces; services with the same ratio keep the same ones */
  readonly sampleRatio: number;
  readonly service: string;
}

export interface Tracing {
  /** Sends what is left, within some seconds. */
  close(): Promise<void>;
}

const MAX_QUEUED_SPANS = 4_096;
const EXPORT_TIMEOUT_MS = 5_000;

/** Traces this process from here on. The SDK is loaded only now: a process without an endpoint never has it in memory. */
export async function startTracing({ endpoint, sampleRatio, service }: TracingOptions): Promise<Tracing> {
  const [{ AsyncLocalStorageContextManager }, { W3CTraceContextPropagator }, { OTLPTraceExporter }, { resourceFromAttributes }, sdk] = await Promise.all([
    import('@opentelemetry/context-async-hooks'), import('@opentelemetry/core'), import('@opentelemetry/exporter-trace-otlp-http'), import('@opentelemetry/resources'),
    import('@opentelemetry/sdk-trace-base'),
  ]);
  const exporter = new OTLPTraceExporter({ url: endpoint, timeoutMillis: EXPORT_TIMEOUT_MS });
  const provider = new sdk.BasicTracerProvider({
    resource: resourceFromAttributes({ 'service.name': service }),
    // By the trace's id alone: what a caller outside says about sampling decides nothing here.
    sampler: new sdk.TraceIdRatioBasedSampler(sampleRatio),
    spanProcessors: [new sdk.BatchSpanProcessor(exporter, { maxQueueSize: MAX_QUEUED_SPANS, exportTimeoutMillis: EXPORT_TIMEOUT_MS })],
  });
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  propagation.setGlobalPropagator(new W3CTraceContextPropagator());
  trace.setGlobalTracerProvider(provider);
  return {
    close: async () => {
      // A collector that is away must not make a stop fail.
      await provider.shutdown().catch(() => undefined);
      trace.disable();
      propagation.disable();
      context.disable();
    },
  };
}
