import { isSecretSchema } from '@medveil/encoding';
import { z } from 'zod';

/** One setting: where it stands in the configuration object and what may be said there. */
export interface Leaf {
  readonly path: readonly string[];
  /** Several where the variants of a union (`database.kind`, …) share a name. */
  readonly schemas: readonly z.core.$ZodType[];
  readonly isSecret: boolean;
}

/** Every setting of a schema made of nested objects and unions of objects. */
export function leavesOf(schema: z.core.$ZodType): Leaf[] {
  const found = new Map<string, Leaf>();
  visit(schema, [], false, found);
  return [...found.values()];
}

function visit(schema: z.core.$ZodType, path: readonly string[], isSecretAbove: boolean, found: Map<string, Leaf>): void {
  const isSecret = isSecretAbove || isSecretSchema(schema);
  const { def } = (schema as z.core.$ZodTypes)._zod;
  const inner = innerOf(def);
  if (inner !== undefined) {
    visit(inner, path, isSecret, found);
  } else if (def.type === 'object') {
    for (const [name, field] of Object.entries(def.shape)) visit(field, [...path, name], isSecret, found);
  } else if (def.type === 'union' && def.options.every((option) => option._zod.def.type === 'object')) {
    for (const option of def.options) visit(option, path, isSecret, found);
  } else {
    const name = path.join('.');
    const known = found.get(name);
    found.set(name, { path, schemas: [...(known?.schemas ?? []), schema], isSecret: isSecret || known?.isSecret === true });
  }
}

/** What an optional, defaulted, … schema wraps. */
function innerOf(def: z.core.$ZodTypes['_zod']['def']): z.core.$ZodType | undefined {
  if (def.type === 'pipe') return def.in;
  return 'innerType' in def && isTransparent(def.type) ? def.innerType : undefined;
}

const isTransparent = (type: string): boolean => ['optional', 'nullable', 'default', 'prefault', 'nonoptional', 'readonly', 'catch'].includes(type);

/** Reads a variable's text as the kind of value that the setting takes; the schema then says whether it is right. */
export function readText(leaf: Leaf, text: string): unknown {
  const types = leaf.schemas.map((schema) => schema._zod.def.type);
  const isNumber = /^-?\d+(\.\d+)?$/.test(text);
  if (isNumber && (types.includes('number') || literals(leaf).some((value) => typeof value === 'number'))) return Number(text);
  if (types.includes('boolean') && (text === 'true' || text === 'false')) return text === 'true';
  if (types.includes('array') && !text.startsWith('[')) return text === '' ? [] : text.split(',').map((item) => item.trim());
  if (types.some((type) => type === 'array' || type === 'record' || type === 'object' || type === 'tuple')) return parsedJson(text);
  return text;
}

const parsedJson = (text: string): unknown => {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return text;
  }
};

const literals = (leaf: Leaf): readonly unknown[] =>
  leaf.schemas.flatMap((schema) => {
    const { def } = (schema as z.core.$ZodTypes)._zod;
    return def.type === 'literal' ? def.values : [];
  });

/** What a setting allows, in words: `integer from 0 to 65535`, `one of "a", "b"`. */
export function allowed(leaf: Leaf): string {
  return [...new Set(leaf.schemas.map(describeSchema))].join(' or ');
}

function describeSchema(schema: z.core.$ZodType): string {
  const json = z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' });
  if (json.const !== undefined) return JSON.stringify(json.const);
  if (json.enum !== undefined) return `one of ${json.enum.map((value) => JSON.stringify(value)).join(', ')}`;
  const bounds = [
    json.minimum === undefined ? '' : ` from ${json.minimum}`,
    json.maximum === undefined || json.maximum === Number.MAX_SAFE_INTEGER ? '' : ` to ${json.maximum}`,
    json.minLength === undefined ? '' : ` of at least ${json.minLength} characters`,
    json.maxLength === undefined ? '' : ` of at most ${json.maxLength} characters`,
    json.pattern === undefined ? '' : ` matching ${json.pattern}`,
  ].join('');
  if (json.type === 'array') return 'a list, separated by commas';
  return `${typeof json.type === 'string' ? json.type : 'a value'}${bounds}`;
}
