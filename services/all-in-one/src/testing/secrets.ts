/** What must not be found: who the patients are, what their records say, and every secret key. */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fieldToBytes, PART_TYPES } from '@medveil/eligibility';
import { fromHex } from '@medveil/encoding';
import { derivePatientKeys, type PatientKeys } from '@medveil/identity';
import type { Afgh06 } from '@medveil/pre';
import type { BundleFile } from '../demo/bundles.js';
import type { PlannedRequirement } from '../demo/studies.js';
import { LEAST_BYTES, type Needle, textNeedle } from './needles.js';
import { PSEUDONYMS, vaultOf } from './parties.js';

const RECORDS = 8;
const LEAST_SECRET_BYTES = 16;

const longEnough = (text: string): boolean => text.length >= LEAST_BYTES;
const distinct = (texts: Iterable<string>): string[] => [...new Set(texts)].filter(longEnough);

/** Names, addresses, numbers, identifiers, birth dates. */
export function identityNeedles(bundles: readonly BundleFile[]): Needle[] {
  const birthDates = bundles.flatMap(({ bytes }) => textOf(bytes).match(/(?<="birthDate":")[^"]+/g) ?? []);
  return distinct([...bundles.flatMap(({ identifiers }) => identifiers), ...birthDates]).map((text, index) => textNeedle(`identity ${index}`, text));
}

/**
 * What anybody may read: titles, keywords, criteria with their codes and code systems, which institutions publish; and the names of
 * the part types, which stand in the ledger's registry. To be found there, and no patient's.
 */
export const publishedText = (requirements: readonly PlannedRequirement[]): string =>
  JSON.stringify([requirements.map(({ study }) => study), PART_TYPES]).toLowerCase();

/** What records say, but for what is published: displayed texts, and quantities as JSON. */
export function medicalNeedles(texts: readonly string[], published: string): Needle[] {
  const displays = distinct(texts.flatMap((text) => text.match(/(?<="(?:display|text)":")[^"\\<]+/g) ?? []));
  const quantities = distinct(texts.flatMap((text) => text.match(/(?<="valueQuantity":)\{[^}]*\}/g) ?? []));
  return [
    ...displays.filter((display) => !published.includes(display.toLowerCase())).map((text, index) => textNeedle(`display ${index}`, text)),
    ...quantities.map((text, index) => textNeedle(`quantity ${index}`, text)),
  ];
}

const SLICE_BYTES = 32;
const SLICE_EVERY_BYTES = 160;

/** Slices of a plaintext, so that a piece of it is found as well; but for those inside the name of a published code system. */
export function* plaintextNeedles(name: string, plaintext: Uint8Array, published: string): Generator<Needle> {
  for (let at = 0; at + SLICE_BYTES <= plaintext.length; at += SLICE_EVERY_BYTES) {
    const bytes = plaintext.slice(at, at + SLICE_BYTES);
    if (!published.includes(textOf(bytes).toLowerCase())) yield { name: `${name} at ${at}`, bytes };
  }
}

/** All secrets of all vaults, and what derives from the seeds among them. */
export async function secretNeedles(folder: string, pre: Afgh06): Promise<Needle[]> {
  const needles: Needle[] = [];
  for (const party of await readdir(join(folder, 'parties'))) {
    const vault = await vaultOf(folder, party);
    for (const name of await vault.list()) {
      const secret = await vault.get(name);
      // A used enrolment token is overwritten by nothing.
      if (secret.length < LEAST_SECRET_BYTES) continue;
      needles.push({ name: `${party}: ${name}`, bytes: secret });
      if (name.endsWith('seed') && name.includes('/')) needles.push(...derivedNeedles(`${party}: ${name}`, derivePatientKeys(secret), pre));
    }
  }
  return needles;
}

function* derivedNeedles(name: string, keys: PatientKeys, pre: Afgh06): Generator<Needle> {
  yield { name: `${name}: enrolment key`, bytes: keys.enrolment.secretKey };
  yield { name: `${name}: HPKE seed`, bytes: keys.hpkeSeed };
  yield { name: `${name}: view key`, bytes: keys.viewKey };
  yield { name: `${name}: attestation key`, bytes: keys.secret('attestation-key', 0) };
  yield* fieldNeedles(`${name}: idSecret`, keys.idSecret);
  for (let index = 0; index < PSEUDONYMS; index += 1) {
    const { account, ownerSeed, delegateeSeed } = keys.pseudonym(index);
    const of = `${name}: pseudonym ${index}`;
    yield { name: `${of}: account key`, bytes: account.secretKey };
    yield { name: `${of}: owner seed`, bytes: ownerSeed };
    yield { name: `${of}: owner key`, bytes: pre.ownerKeyFromSeed(ownerSeed).secret };
    yield { name: `${of}: delegatee seed`, bytes: delegateeSeed };
    yield { name: `${of}: delegatee key`, bytes: pre.delegateeKeyFromSeed(delegateeSeed).secret };
  }
  for (let index = 0; index < RECORDS; index += 1) {
    const { recordSecret, blinding } = keys.record(index);
    yield { name: `${name}: record ${index}: secret`, bytes: recordSecret };
    yield* fieldNeedles(`${name}: record ${index}: r`, blinding);
  }
}

function* fieldNeedles(name: string, value: bigint): Generator<Needle> {
  yield { name, bytes: fieldToBytes(value) };
  yield textNeedle(`${name}, decimal`, String(value));
}

/** What opens a vault, named by the one file that it is allowed to stand in. */
export async function vaultKeyNeedles(folder: string): Promise<Needle[]> {
  const files = (await readdir(join(folder, 'parties'))).map((party) => join('parties', party, 'vault.key'));
  return Promise.all(files.map(async (name) => ({ name, bytes: fromHex((await readFile(join(folder, name), 'utf8')).trim()) })));
}

const textOf = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);
