import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';

/** At most so many label combinations a metric: more is a mistake (an id as a label), and further ones are not recorded. */
const MAX_SERIES = 500;

const DURATION_BUCKETS_SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];

/** prom-client's gauges whose names end like counters'; what they count stands in `nodejs_active_…` by type. */
const MISNAMED = ['nodejs_active_resources_total', 'nodejs_active_handles_total', 'nodejs_active_requests_total'];

/** `medveil_<subject>_<what>_<base unit>`, for example `medveil_reencryption_duration_seconds`; counters end in `_total`. */
export interface MetricDefinition<Name extends `medveil_${string}`, L extends string> {
  readonly name: Name;
  readonly help: string;
  /** Names of labels whose values come from small fixed sets. */
  readonly labels?: readonly L[];
}

export type CounterName = `medveil_${string}_total`;
export type DurationName = `medveil_${string}_seconds`;

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

type Reading<T> = T | Promise<T>;

/**
 * One service's metrics in a registry of its own, served at /metrics. Requests and messages are measured by this package;
 * a service adds what is its own. All carry the label `service_name`.
 */
export class ServiceMetrics {
  readonly registry = new Registry();

  /** @param options.process also measure the process (memory, CPU, event-loop lag): once per process */
  constructor(options: { service: string; process: boolean }) {
    this.registry.setDefaultLabels({ service_name: options.service });
    if (!options.process) return;
    collectDefaultMetrics({ register: this.registry });
    for (const name of MISNAMED) this.registry.removeSingleMetric(name);
  }

  /** @param known label values to begin with: an alert sees the first event of a series only if there was a zero before it */
  counter<L extends string = never>(definition: MetricDefinition<CounterName, L>, known: readonly Record<L, string>[] = []): CounterMetric<L> {
    const metric = new Counter({ ...common(definition), registers: [this.registry] });
    const admit = seriesLimit();
    const add = (labels: Record<L, string>, by = 1): void => { if (admit(labels)) metric.inc(labels, by); };
    for (const labels of known) add(labels, 0);
    return { add };
  }

  gauge<L extends string = never>(definition: MetricDefinition<`medveil_${string}`, L>): GaugeMetric<L> {
    const metric = new Gauge({ ...common(definition), registers: [this.registry] });
    const admit = seriesLimit();
    return { set: (labels, value) => { if (admit(labels)) metric.set(labels, value); } };
  }

  /** A gauge read when it is scraped, for example a queue's depth. Where reading fails it keeps its last value, and the scrape goes on. */
  gaugeFrom(definition: MetricDefinition<`medveil_${string}`, never>, read: () => Reading<number>): void {
    const metric: Gauge = new Gauge({ ...common(definition), registers: [this.registry], collect: keeping(async () => metric.set(await read())) });
  }

  /** As `gaugeFrom`, of one label's values: a fixed set, all of them at each reading. */
  gaugesFrom<L extends string>(definition: MetricDefinition<`medveil_${string}`, L> & { readonly labels: readonly [L] }, read: () => Reading<Readonly<Record<string, number>>>): void {
    const [label] = definition.labels;
    const admit = seriesLimit();
    const metric: Gauge<L> = new Gauge({
      ...common(definition),
      registers: [this.registry],
      collect: keeping(async () => {
        for (const [value, number] of Object.entries(await read())) {
          const labels = { [label]: value } as Record<L, string>;
          if (admit(labels)) metric.set(labels, number);
        }
      }),
    });
  }

  /** A count that something else keeps, since the start of the process: read when it is scraped. */
  counterFrom(definition: MetricDefinition<CounterName, never>, read: () => number): void {
    const metric: Counter = new Counter({
      ...common(definition),
      registers: [this.registry],
      collect: keeping(async () => {
        const count = read();
        metric.reset();
        metric.inc(count);
      }),
    });
  }

  /** A histogram in seconds. @param known as in `counter` */
  duration<L extends string = never>(
    definition: MetricDefinition<DurationName, L> & { readonly bucketsSeconds?: readonly number[] },
    known: readonly Record<L, string>[] = [],
  ): DurationMetric<L> {
    const metric: Histogram<L> = new Histogram({
      ...common(definition),
      buckets: [...(definition.bucketsSeconds ?? DURATION_BUCKETS_SECONDS)],
      registers: [this.registry],
    });
    const admit = seriesLimit();
    for (const labels of known) if (admit(labels)) metric.zero(labels);
    return { observeMs: (labels, durationMs) => { if (admit(labels)) metric.observe(labels, durationMs / 1000); } };
  }
}

const common = <L extends string>({ name, help, labels = [] }: MetricDefinition<`medveil_${string}`, L>) => ({ name, help, labelNames: labels });

/** What is read from says by its own health check that it is away. */
const keeping = (read: () => Promise<void>) => async (): Promise<void> => {
  try {
    await read();
  } catch {
    // The last value stays.
  }
};

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
