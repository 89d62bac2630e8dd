/** What the chart ships to watch the system with: rules and dashboards. */
import { readdir, readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { parse as parseYaml } from 'yaml';
import { z } from 'zod';

const ROOT = new URL('../../../../', import.meta.url);
const RULES = new URL('helm/medveil/files/rules/', ROOT);
const DASHBOARDS = new URL('helm/medveil/files/dashboards/', ROOT);

const ruleSchema = z.union([
  z.strictObject({ record: z.string(), expr: z.string() }),
  z.strictObject({
    alert: z.string(),
    expr: z.string(),
    for: z.string().optional(),
    labels: z.strictObject({ severity: z.enum(['critical', 'warning']) }),
    annotations: z.strictObject({ summary: z.string(), description: z.string(), runbook_url: z.string() }),
  }),
]);
const ruleFileSchema = z.strictObject({ groups: z.array(z.strictObject({ name: z.string(), rules: z.array(ruleSchema) })) });

const panelSchema = z.object({
  title: z.string(),
  type: z.string(),
  datasource: z.object({ uid: z.string() }).optional(),
  targets: z.array(z.object({ expr: z.string() })).optional(),
});
const dashboardSchema = z.object({ uid: z.string(), title: z.string(), panels: z.array(panelSchema) });

export type Rule = z.infer<typeof ruleSchema>;
export type Alert = Extract<Rule, { alert: string }>;
export type Dashboard = z.infer<typeof dashboardSchema>;

/** One expression and where it stands. */
export interface Query {
  readonly where: string;
  readonly expression: string;
}

export const ruleFiles = async (): Promise<string[]> => (await readdir(RULES)).filter((name) => name.endsWith('.yaml')).map((name) => fileURLToPath(new URL(name, RULES)));
export const ruleTests = fileURLToPath(new URL('tests/alerts.test.yaml', RULES));

export async function readRules(): Promise<Rule[]> {
  const files = await Promise.all((await ruleFiles()).map(async (path) => ruleFileSchema.parse(parseYaml(await readFile(path, 'utf8')))));
  return files.flatMap(({ groups }) => groups.flatMap(({ rules }) => rules));
}

export async function readDashboards(): Promise<Dashboard[]> {
  const names = (await readdir(DASHBOARDS)).filter((name) => name.endsWith('.json'));
  return Promise.all(names.map(async (name) => {
    const dashboard = dashboardSchema.parse(JSON.parse(await readFile(new URL(name, DASHBOARDS), 'utf8')));
    if (`${dashboard.uid}.json` !== name) throw new Error(`the dashboard in ${name} is called ${dashboard.uid}`);
    return dashboard;
  }));
}

/** Grafana's variables, as it fills them in. */
const VARIABLES: Readonly<Record<string, string>> = { $__rate_interval: '1m', $__range: '1h', $namespace: '.*' };
const filledIn = (expression: string): string => expression.replaceAll(/\$\w+/g, (name) => VARIABLES[name] ?? name);

export const ruleQueries = (rules: readonly Rule[]): Query[] => rules.map((rule) => ({ where: 'alert' in rule ? rule.alert : rule.record, expression: rule.expr }));

export const panelQueries = (dashboards: readonly Dashboard[]): Query[] => dashboards.flatMap(({ title, panels }) =>
  panels.flatMap((panel) => (panel.targets ?? []).map(({ expr }) => ({ where: `${title}, ${panel.title}`, expression: filledIn(expr) }))));

/** The headings of a document, as the addresses that lead to them. */
export async function anchorsOf(document: string): Promise<Set<string>> {
  const lines = (await readFile(new URL(document, ROOT), 'utf8')).split('\n').filter((line) => /^#{1,6} /.test(line));
  return new Set(lines.map((line) => line.replace(/^#+ /, '').toLowerCase().replaceAll(/[^\w\- ]/g, '').replaceAll(' ', '-')));
}

/** Every metric that docs/metrics.md names. */
export async function documentedMetrics(): Promise<Set<string>> {
  const text = await readFile(new URL('docs/metrics.md', ROOT), 'utf8');
  return new Set([...text.matchAll(/`(medveil_[a-z0-9_]+)`/g)].map(([, name = '']) => name));
}
