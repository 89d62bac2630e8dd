import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';

/** At most so many label combinations a metric: more is a mistake (an id as a label), and further ones are not recorded. */
const MAX_SERIES = 500;

const DURATION_BUCKETS_SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];

export interface MetricDefinition<L extends string> {
  /** `medveil_<what>_<base unit>`, counters end in `_total`: for example `medveil_reencryption_duration_seconds` */
  readonly name: `medveil_${string}`;
  readonly help: string;
  /** Names of labels whose values come from small fixed sets. */
  readonly labels?: readonly L[];
}

/** Recording must never throw into the work that is measured. */
export interface CounterMetric<L extends string> {
  add(labels: Record<L, string>, by?: number): void;
}

export interface GaugeMetric<L extends string> {
  set(labels: Record<L, string>, value: number): void;
}

export interface DurationMetric<L extends string> {
  observeMs(labels: Record<L, string>, durationMs: number): void;
}

/**
 * One service's metrics in a registry of its own, served at /metrics. Requests and messages are measured by this package;
 * a service adds what is its own.
 */
export class ServiceMetrics {
  readonly registry = new Registry();

  /** @param options.process also measure the process (memory, CPU, event-loop lag): once per process */
  constructor(options: { service: string; process: boolean }) {
    this.registry.setDefaultLabels({ service: options.service });
    if (options.process) collectDefaultMetrics({ register: this.registry });
  }

  counter<L extends string = never>(definition: MetricDefinition<L>): CounterMetric<L> {
    const metric = new Counter({ ...common(definition), registers: [this.registry] });
    const admit = seriesLimit();
    return { add: (labels, by = 1) => { if (admit(labels)) metric.inc(labels, by); } };
  }

  gauge<L extends string = never>(definition: MetricDefinition<L>): GaugeMetric<L> {
    const metric = new Gauge({ ...common(definition), registers: [this.registry] });
    const admit = seriesLimit();
    return { set: (labels, value) => { if (admit(labels)) metric.set(labels, value); } };
  }

  /** A gauge read when it is scraped, for example a queue's depth. Where reading fails it keeps its last value, and the scrape goes on. */
  gaugeFrom(definition: MetricDefinition<never>, read: () => number | Promise<number>): void {
    const metric: Gauge = new Gauge({
      ...common(definition),
      registers: [this.registry],
      collect: async (): Promise<void> => {
        try {
          metric.set(await read());
        } catch {
          // What it reads from says by its own health check that it is away.
        }
      },
    });
  }

  /** A histogram in seconds; names end in `_seconds`. */
  duration<L extends string = never>(definition: MetricDefinition<L> & { readonly bucketsSeconds?: number[] }): DurationMetric<L> {
    const metric = new Histogram({
      ...common(definition),
      buckets: definition.bucketsSeconds ?? DURATION_BUCKETS_SECONDS,
      registers: [this.registry],
    });
    const admit = seriesLimit();
    return { observeMs: (labels, durationMs) => { if (admit(labels)) metric.observe(labels, durationMs / 1000); } };
  }
}

const common = <L extends string>({ name, help, labels = [] }: MetricDefinition<L>) => ({ name, help, labelNames: labels });

function seriesLimit(): (labels: Record<string, string>) => boolean {
  const known = new Set<string>();
  return (labels) => {
    const series = Object.values(labels).join('\u0000');
    if (known.has(series)) return true;
    if (known.size >= MAX_SERIES) return false;
    known.add(series);
    return true;
  };
}
