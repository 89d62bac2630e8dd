import { CodedError } from '@medveil/encoding';
import { parse as parseYaml } from 'yaml';
import type { z } from 'zod';
import { allowed, type Leaf, leavesOf, readText } from './config-leaves.js';

export { secret } from '@medveil/encoding';

/** A service's settings: a strict zod object of nested objects. */
export interface ConfigDefinition<S extends z.ZodObject = z.ZodObject> {
  /** For example `proxy-cloud`; its variables are `MEDVEIL_PROXY_CLOUD_…`. */
  readonly service: string;
  readonly schema: S;
}

export class ConfigError extends CodedError<'config/invalid'> {
  /** @param problems one line each, naming the variable, what was given and what is allowed */
  constructor(readonly problems: readonly string[]) {
    super('config/invalid', problems.join('\n'), { problems: problems.length });
  }
}

/** @throws Error where two settings would have the same variable */
export function defineConfig<S extends z.ZodObject>(definition: ConfigDefinition<S>): ConfigDefinition<S> {
  const names = leavesOf(definition.schema).map((leaf) => variableName(definition.service, leaf.path));
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined) throw new Error(`two settings share the variable ${twice}`);
  return definition;
}

/** `MEDVEIL_<SERVICE>_<PATH>`: `http.bodyLimitBytes` of `pkg` is `MEDVEIL_PKG_HTTP_BODY_LIMIT_BYTES`. */
export const variableName = (service: string, path: readonly string[]): string =>
  ['MEDVEIL', service, ...path].map(upperSnake).join('_');

const upperSnake = (name: string): string => name.replaceAll(/([a-z0-9])([A-Z])/g, '$1_$2').replaceAll('-', '_').toUpperCase();

export interface ConfigSources {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Reads the file named by `MEDVEIL_<SERVICE>_CONFIG` (YAML or JSON), or that of one setting. */
  readonly readFile: (path: string) => Promise<string>;
}

/**
 * Builds the configuration: defaults, then the file, then variables. Whatever is not a setting is refused.
 * @throws ConfigError
 */
export async function loadConfig<S extends z.ZodObject>(definition: ConfigDefinition<S>, sources: ConfigSources): Promise<z.infer<S>> {
  const { service, schema } = definition;
  const leaves = leavesOf(schema);
  const given = await readSources(service, leaves, sources);
  const result = schema.safeParse(given.values);
  const problems = [...given.problems];
  if (!result.success) problems.push(...result.error.issues.flatMap((issue) => describeIssue(service, leaves, given.values, issue)));
  if (!result.success || problems.length > 0) throw new ConfigError(problems);
  return result.data;
}

interface Given {
  readonly values: Record<string, unknown>;
  readonly problems: string[];
}

async function readSources(service: string, leaves: readonly Leaf[], { env, readFile }: ConfigSources): Promise<Given> {
  const prefix = `${variableName(service, [])}_`;
  const fileVariable = `${prefix}CONFIG`;
  const given: Given = { values: await readConfigFile(fileVariable, env[fileVariable], readFile), problems: [] };
  const byName = new Map(leaves.map((leaf) => [variableName(service, leaf.path), leaf]));
  for (const [name, text] of Object.entries(env)) {
    if (!name.startsWith(prefix) || name === fileVariable || text === undefined) continue;
    const leaf = byName.get(name);
    const fileLeaf = name.endsWith('_FILE') ? byName.get(name.slice(0, -'_FILE'.length)) : undefined;
    if (leaf !== undefined) {
      setAt(given.values, leaf.path, readText(leaf, text));
    } else if (fileLeaf !== undefined) {
      const content = await readFile(text).catch(() => undefined);
      if (content === undefined) given.problems.push(`${name}: the file cannot be read; given ${JSON.stringify(text)}`);
      else setAt(given.values, fileLeaf.path, readText(fileLeaf, content.trimEnd()));
    } else {
      given.problems.push(`${name}: no such setting; --help lists them`);
    }
  }
  return given;
}

async function readConfigFile(name: string, path: string | undefined, readFile: ConfigSources['readFile']): Promise<Record<string, unknown>> {
  if (path === undefined) return {};
  let content: unknown;
  try {
    content = parseYaml(await readFile(path));
  } catch {
    throw new ConfigError([`${name}: not a readable YAML or JSON file; given ${JSON.stringify(path)}`]);
  }
  if (!isRecord(content)) throw new ConfigError([`${name}: the file must hold settings by name; given ${JSON.stringify(path)}`]);
  return content;
}

function setAt(target: Record<string, unknown>, path: readonly string[], value: unknown): void {
  const [head, ...rest] = path;
  if (head === undefined) return;
  if (rest.length === 0) {
    target[head] = value;
    return;
  }
  const child = target[head];
  const next = isRecord(child) ? child : {};
  target[head] = next;
  setAt(next, rest, value);
}

const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null && !Array.isArray(value);

const getAt = (values: unknown, path: readonly PropertyKey[]): unknown =>
  path.reduce<unknown>((value, key) => (isRecord(value) ? value[String(key)] : undefined), values);

function describeIssue(service: string, leaves: readonly Leaf[], values: unknown, issue: z.core.$ZodIssue): string[] {
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => `${[...issue.path.map(String), key].join('.')} (in the file): no such setting; --help lists them`);
  }
  const path = issue.path.map(String);
  const leaf = leaves.find((candidate) => candidate.path.join('.') === path.slice(0, candidate.path.length).join('.'));
  const name = variableName(service, leaf?.path ?? path);
  const value = getAt(values, leaf?.path ?? path);
  if (leaf === undefined) return [`${name}…: ${issue.message}`];
  const shown = value === undefined ? 'not set' : `given ${leaf.isSecret ? '(a secret)' : JSON.stringify(value)}`;
  return [`${name}: ${leaf.isSecret ? 'not acceptable' : issue.message}; ${shown}; allowed: ${allowed(leaf)}`];
}

/** The configuration as JSON with secrets masked, for `--print-config`. */
export function printConfig<S extends z.ZodObject>(definition: ConfigDefinition<S>, config: z.infer<S>): string {
  const secretPaths = new Set(leavesOf(definition.schema).filter((leaf) => leaf.isSecret).map((leaf) => leaf.path.join('.')));
  const masked = (value: unknown, path: readonly string[]): unknown => {
    if (secretPaths.has(path.join('.')) && value !== undefined) return '***';
    return isRecord(value) ? Object.fromEntries(Object.entries(value).map(([key, child]) => [key, masked(child, [...path, key])])) : value;
  };
  return JSON.stringify(masked(config, []), null, 2);
}

/** One line a setting, for `--help`. */
export function describeConfig(definition: ConfigDefinition): string {
  const { service, schema } = definition;
  const lines = leavesOf(schema).map((leaf) => {
    const isOptional = schema.safeParse({}).error?.issues.every((issue) => issue.path.join('.') !== leaf.path.join('.')) ?? true;
    const notes = [isOptional ? '' : 'required', leaf.isSecret ? 'secret' : ''].filter((note) => note !== '');
    return `  ${variableName(service, leaf.path)}  ${allowed(leaf)}${notes.length > 0 ? `  (${notes.join('; ')})` : ''}`;
  });
  return [`Settings of ${service}, as environment variables; each may be read from a file that …_FILE names:`, `  ${variableName(service, ['config'])}  a YAML or JSON file with the same settings by name`, ...lines].join('\n');
}
