import { randomBytes } from 'node:crypto';
import { open, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { CodedError, isCodedError } from '@medveil/encoding';
import { directIdentifiers, generatePatients, parseBundle, prepareRecord } from '@medveil/fhir';

/** One patient's FHIR bundle as it will be handed to the agent. */
export interface BundleFile {
  readonly name: string;
  readonly bytes: Uint8Array;
  /** names, addresses, identifiers in it: none of them may reach an institution */
  readonly identifiers: readonly string[];
}

export interface RefusedFile {
  readonly name: string;
  readonly code: string;
  readonly reason: string;
}

/** Larger files are refused unread. */
const MAX_FILE_BYTES = 64 * 1024 * 1024;

/**
 * @returns the bundles of a folder and the folders in it, in the order of their names; and the files that are none, or of which
 * nothing can be used, with the reason
 * @throws CodedError `demo/no-bundles`
 */
export async function readBundles(folder: string, most: number, referenceTimeMs: number): Promise<{ bundles: BundleFile[]; refused: RefusedFile[] }> {
  const names = (await readdir(folder, { recursive: true })).filter((name) => name.endsWith('.json')).toSorted();
  const bundles: BundleFile[] = [];
  const refused: RefusedFile[] = [];
  for (const name of names) {
    if (bundles.length === most) break;
    try {
      bundles.push(await readBundleFile(folder, name, referenceTimeMs));
    } catch (error) {
      if (!isCodedError(error)) throw error;
      refused.push({ name, code: error.code, reason: error.message });
    }
  }
  if (bundles.length === 0) {
    const reasons = refused.map(({ name, code }) => `${name}: ${code}`).join(', ');
    throw new CodedError('demo/no-bundles', `${folder} holds no FHIR bundle that can be used${reasons === '' ? '' : ` (${reasons})`}`);
  }
  return { bundles, refused };
}

async function readBundleFile(folder: string, name: string, referenceTimeMs: number): Promise<BundleFile> {
  const file = await open(join(folder, name), 'r');
  try {
    const { size } = await file.stat();
    if (size > MAX_FILE_BYTES) throw new CodedError('fhir/too-large', `the file has ${size} bytes; at most ${MAX_FILE_BYTES} are taken`, { size, max: MAX_FILE_BYTES });
    const bytes = new Uint8Array(await file.readFile());
    // As the agent will do it: a file of which nothing can be used is told before anything is begun.
    prepareRecord(parseBundle(bytes), { ruleSet: 'limited-data-set', random, referenceTimeMs });
    return { name, bytes, identifiers: identifiersIn(JSON.parse(new TextDecoder().decode(bytes)) as Bundle) };
  } finally {
    await file.close();
  }
}

interface Bundle {
  readonly entry?: readonly { readonly resource?: Readonly<Record<string, unknown>> }[];
}

const NAMING = ['name', 'telecom', 'address', 'identifier', 'contact', 'photo'];
/** Fields inside those that name nobody. */
const COMMON = new Set(['system', 'use', 'type', 'period', 'rank', 'state', 'country', 'url', 'relationship', 'gender', 'extension']);
/** Shorter texts turn up in other words. */
const LEAST_CHARACTERS = 5;

/** What says in a bundle who the patient is: the texts of the Patient's naming fields, and all resource ids. */
function identifiersIn({ entry = [] }: Bundle): string[] {
  const resources = entry.flatMap(({ resource }) => (resource === undefined ? [] : [resource]));
  const people = resources.filter(({ resourceType }) => resourceType === 'Patient');
  const texts = people.flatMap((patient) => NAMING.flatMap((field) => textsIn(patient[field])));
  const ids = resources.flatMap(({ id }) => (typeof id === 'string' ? id : []));
  return [...new Set([...texts, ...ids])].filter((text) => text.length >= LEAST_CHARACTERS && !/^\d{1,6}$/.test(text));
}

function textsIn(value: unknown): string[] {
  if (typeof value === 'string') return [value];
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]) => (COMMON.has(key) ? [] : textsIn(inner)));
}

const random = (length: number): Uint8Array => new Uint8Array(randomBytes(length));

export function syntheticBundles(count: number, referenceTimeMs: number, seed = 7): BundleFile[] {
  return [...generatePatients({ seed, count, referenceTimeMs })].map((bundle, index) => ({
    name: `synthetic patient ${index + 1}`,
    bytes: new TextEncoder().encode(JSON.stringify(bundle)),
    identifiers: directIdentifiers(bundle),
  }));
}
