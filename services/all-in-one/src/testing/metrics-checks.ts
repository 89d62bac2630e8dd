/** What must hold of the metrics of a system that runs, and of the rules and dashboards that are made for them. */
import type { SystemUrls } from '../system.js';
import { type MetricFamily, parseExposition, type Sample } from './exposition.js';
import { type Query, type Rule } from './monitoring.js';
import { parseQuery, selects } from './promql.js';

export interface Scraped {
  readonly service: string;
  readonly url: string;
  readonly text: string;
  readonly families: readonly MetricFamily[];
}

const MAX_SERIES_OF_A_SERVICE = 3_000;
/** Labels of ours, and how many values each may have at most. */
const LABELS: Readonly<Record<string, number>> = {
  certificate: 2, circuit: 8, code: 150, event: 60, kind: 30, le: 30, limit: 2, method: 8, mode: 2, outcome: 6, phase: 14, reason: 12, route: 80, service_name: 1, state: 6,
  status: 16, topic: 12, type: 12, version: 1,
};
/** Labels that a cluster adds when it scrapes. */
const ADDED = new Set(['namespace']);
/** Prefixes of identifiers, long hexadecimal or decimal numbers, dates, base64: nothing of this may be a label's value. */
const IDENTIFIES = /\b[a-z]{3}_[0-9a-z]{8}|[0-9a-f]{16}|\d{6}|\d{4}-\d\d-\d\d|[A-Za-z0-9+/_-]{40}/;
const NOT_BASE_UNITS = /_(ms|milliseconds|micros|us|ns|nanoseconds|minutes|hours|days|kb|kib|mb|mib|gb|kilobytes|megabytes|percent)(_total)?$/;

export const addressesOf = ({ replicas, auditors, ...services }: SystemUrls): [string, string][] =>
  [...Object.entries(services), ...replicas.map((url, index): [string, string] => [`replica-${index}`, url]), ...auditors.map((url, index): [string, string] => [`auditor-${index}`, url])];

export const scrape = async (urls: SystemUrls): Promise<Scraped[]> => Promise.all(addressesOf(urls).map(async ([service, url]) => {
  const text = await (await fetch(new URL('/metrics', url))).text();
  return { service, url, text, families: parseExposition(text) };
}));

/** @returns what is wrong with names, units, labels and numbers of series */
export function faultsOf({ service, families }: Scraped): string[] {
  const faults: string[] = [];
  const valuesOf = new Map<string, Set<string>>();
  for (const { name, type, help, samples } of families) {
    const fault = (text: string) => faults.push(`${service}: ${name} ${text}`);
    if (!/^(medveil|nodejs|process)_[a-z0-9_]+$/.test(name)) fault('has no name of ours');
    if (help === '') fault('has no help');
    if (NOT_BASE_UNITS.test(name)) fault('is not in base units');
    if ((type === 'counter') !== name.endsWith('_total')) fault(`is a ${type}: counters, and only they, end in _total`);
    if (type === 'histogram' && !/_(seconds|bytes)$/.test(name)) fault('is a histogram without a unit');
    if (!name.startsWith('medveil_')) continue;
    for (const { labels } of samples) {
      if (labels['service_name'] !== service) fault('does not say whose it is');
      for (const [label, value] of Object.entries(labels)) {
        valuesOf.set(label, (valuesOf.get(label) ?? new Set()).add(value));
        if (IDENTIFIES.test(value)) fault(`has an identifier as a label: ${label}=${value}`);
      }
    }
  }
  for (const [label, values] of valuesOf) {
    const limit = LABELS[label];
    if (limit === undefined) faults.push(`${service}: nobody has said how many values the label ${label} may have`);
    else if (values.size > limit) faults.push(`${service}: the label ${label} has ${values.size} values, of at most ${limit}`);
  }
  const series = families.reduce((sum, { samples }) => sum + samples.length, 0);
  if (series > MAX_SERIES_OF_A_SERVICE) faults.push(`${service}: ${series} series, of at most ${MAX_SERIES_OF_A_SERVICE}`);
  return faults;
}

/**
 * @param rules whose recorded names count as metrics; their own selectors are checked like all others
 * @returns selectors that no exposed series answers, and labels that none of them has
 */
export function unansweredSelectors(queries: readonly Query[], rules: readonly Rule[], scraped: readonly Scraped[]): string[] {
  const recorded = new Set(rules.flatMap((rule) => ('record' in rule ? [rule.record] : [])));
  const all = samplesOf(scraped);
  const samples = new Map<string, Sample[]>();
  for (const sample of all) {
    const same = samples.get(sample.name);
    if (same === undefined) samples.set(sample.name, [sample]);
    else same.push(sample);
  }
  const labels = new Set(all.flatMap((sample) => Object.keys(sample.labels)));
  return queries.flatMap(({ where, expression }) => {
    const { selectors, groupingLabels } = parseQuery(expression);
    return [
      ...groupingLabels.filter((label) => !labels.has(label) && !ADDED.has(label)).map((label) => `${where}: no metric has the label ${label}`),
      ...selectors.filter((selector) => !recorded.has(selector.metric) && !(samples.get(selector.metric) ?? []).some((sample) => selects(selector, sample.labels)))
        .map(({ metric, matchers }) => `${where}: no series of ${metric}{${matchers.map(({ label, operator, value }) => `${label}${operator}"${value}"`).join(', ')}} is exposed`),
    ];
  });
}

/** The value of a series, or the sum of those that fit. */
export function valueOf(scraped: readonly Scraped[], name: string, labels: Readonly<Record<string, string>> = {}): number {
  const fits = (sample: Sample): boolean => sample.name === name && Object.entries(labels).every(([label, value]) => sample.labels[label] === value);
  return samplesOf(scraped).filter(fits).reduce((sum, { value }) => sum + value, 0);
}

const samplesOf = (scraped: readonly Scraped[]): Sample[] => scraped.flatMap(({ families }) => families.flatMap(({ samples }) => samples));
