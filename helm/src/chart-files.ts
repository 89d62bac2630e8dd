import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parse } from 'yaml';

/** Folder of the chart. */
export const CHART = fileURLToPath(new URL('../medveil/', import.meta.url));

export type Values = Record<string, unknown>;

export const isMap = (value: unknown): value is Values => typeof value === 'object' && value !== null && !Array.isArray(value);

export const readChart = (file: string): string => readFileSync(join(CHART, file), 'utf8');
export const readValues = (file: string): Values => parse(readChart(file)) as Values;

/** Files of values that the chart ships, besides values.yaml. */
export const exampleFiles = (): string[] => readdirSync(CHART).filter((file) => /^values-.*\.yaml$/.test(file)).toSorted();

/** As Helm lays one file of values over another: maps key by key, everything else whole; null takes a key away. */
export function overlaid(base: Values, over: Values): Values {
  const result: Values = { ...base };
  for (const [key, value] of Object.entries(over)) {
    const below = result[key];
    if (value === null) delete result[key];
    else result[key] = isMap(value) && isMap(below) ? overlaid(below, value) : value;
  }
  return result;
}
