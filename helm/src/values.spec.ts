import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Ajv } from 'ajv';
import { exampleFiles, isMap, overlaid, readChart, readValues, type Values } from './chart-files.js';

interface Schema {
  readonly $ref?: string;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly additionalProperties?: boolean | Schema;
  readonly definitions?: Readonly<Record<string, Schema>>;
}

const schema = JSON.parse(readChart('values.schema.json')) as Schema;
const validate = new Ajv({ allErrors: true, strict: true, strictTypes: false, strictRequired: false }).compile(schema);
const defaults = readValues('values.yaml');
const told = (): string => (validate.errors ?? []).map(({ instancePath, message }) => `${instancePath} ${message ?? ''}`).join('\n');

const resolved = (node: Schema): Schema => (node.$ref === undefined ? node : (schema.definitions?.[node.$ref.replace('#/definitions/', '')] ?? {}));

/** Every place of the defaults that the schema describes key by key, with its schema. */
function* closedMaps(values: Values, node: Schema, path: readonly string[] = []): Generator<{ path: readonly string[]; values: Values; node: Schema }> {
  const { properties, additionalProperties } = resolved(node);
  if (properties === undefined || additionalProperties !== false) return;
  yield { path, values, node: resolved(node) };
  for (const [key, value] of Object.entries(values)) {
    const below = properties[key];
    if (below !== undefined && isMap(value)) yield* closedMaps(value, below, [...path, key]);
  }
}

const changed = (path: readonly string[], key: string, value: unknown): Values =>
  overlaid(defaults, path.toReversed().reduce<Values>((inner, name) => ({ [name]: inner }), { [key]: value }));

describe('values of the chart', () => {
  it('keep to the schema in every file that is shipped', () => {
    assert.ok(validate(defaults), told());
    assert.deepEqual(exampleFiles().length > 0, true);
    for (const file of exampleFiles()) assert.ok(validate(overlaid(defaults, readValues(file))), `${file}: ${told()}`);
  });

  it('are all there by default: the schema knows no value that values.yaml does not name', () => {
    for (const { path, values, node } of closedMaps(defaults, schema)) {
      if (path.at(-1) === 'resources') continue;
      const missing = Object.keys(node.properties ?? {}).filter((key) => !(key in values) && key !== 'global');
      assert.deepEqual(missing, [], path.join('.'));
    }
  });

  it('are refused under a name that is not known, wherever it stands', () => {
    let places = 0;
    for (const { path } of closedMaps(defaults, schema)) {
      assert.equal(validate(changed(path, 'misspelled', 1)), false, path.join('.'));
      places += 1;
    }
    assert.ok(places > 60, `${places} places`);
  });

  it('are refused with another type', () => {
    for (const { path, values } of closedMaps(defaults, schema)) {
      for (const [key, value] of Object.entries(values)) {
        const wrong = isMap(value) ? 'text' : { a: { map: 1 } };
        assert.equal(validate(changed(path, key, wrong)), false, [...path, key].join('.'));
      }
    }
  });

  it('are refused in production where they are for evaluation', () => {
    const production = overlaid(defaults, readValues('values-production.yaml'));
    const evaluation: Values[] = [
      { setup: { enabled: true } },
      ...['kafka', 'postgres', 'redis', 's3'].map((server) => ({ evaluation: { [server]: { enabled: true } } })),
      { consensusNode: { settings: { autoApproveMembers: true } } },
    ];
    for (const values of evaluation) assert.equal(validate(overlaid(production, values)), false, JSON.stringify(values));
  });
});
