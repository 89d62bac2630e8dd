/** What /metrics answers: the Prometheus text format, version 0.0.4, as far as this system writes it. */
export interface Sample {
  /** of a histogram with `_bucket`, `_sum` or `_count` */
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

export interface MetricFamily {
  readonly name: string;
  readonly type: string;
  readonly help: string;
  readonly samples: Sample[];
}

const SUFFIXES = ['_bucket', '_sum', '_count'];

/** @throws Error at a line that is neither */
export function parseExposition(text: string): MetricFamily[] {
  const helps = new Map<string, string>();
  const families = new Map<string, MetricFamily>();
  for (const line of text.split('\n').filter((each) => each !== '')) {
    const [, kind, name = '', rest = ''] = /^# (HELP|TYPE) (\S+) ?(.*)$/.exec(line) ?? [];
    if (kind === 'HELP') helps.set(name, rest);
    else if (kind === 'TYPE') families.set(name, { name, type: rest, help: helps.get(name) ?? '', samples: [] });
    else addSample(families, sampleOf(line));
  }
  return [...families.values()];
}

function addSample(families: ReadonlyMap<string, MetricFamily>, sample: Sample): void {
  const suffix = SUFFIXES.find((each) => sample.name.endsWith(each) && families.get(sample.name.slice(0, -each.length))?.type === 'histogram');
  const family = families.get(suffix === undefined ? sample.name : sample.name.slice(0, -suffix.length));
  if (family === undefined) throw new Error(`a sample without a type: ${sample.name}`);
  family.samples.push(sample);
}

function sampleOf(line: string): Sample {
  const [, name, labels = '', value] = /^([a-zA-Z_:][\w:]*)(?:\{(.*)\})? (\S+)$/.exec(line) ?? [];
  if (name === undefined || value === undefined) throw new Error(`no sample: ${line}`);
  return { name, labels: Object.fromEntries([...labels.matchAll(/([a-zA-Z_]\w*)="((?:[^"\\]|\\.)*)"/g)].map(([, label = '', text = '']) => [label, text])), value: Number(value) };
}
