import { readFileSync } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { ceremonyError } from '@medveil/eligibility';
import { z } from 'zod';
import { PACKAGE_DIR } from '../instances.js';
import type { OnProgress } from './curve.js';
import { hashFile } from './files.js';

const knownSchema = z.record(z.string(), z.strictObject({ power: z.int(), blake2b512: z.string().regex(/^[0-9a-f]{128}$/) }));

/** The published files of the Perpetual Powers of Tau as finalised by Hermez, by name, with their published checksums. */
export const knownPowersOfTau = () => knownSchema.parse(JSON.parse(readFileSync(`${PACKAGE_DIR}powers-of-tau.json`, 'utf8')));

/** A powers-of-tau file of snarkjs: where its sections stand. Files of high powers do not fit into memory. */
export interface PowersOfTauFile {
  readonly path: string;
  readonly power: number;
  /** Holds the Lagrange bases (sections 12 to 15) that an initial key is made of. */
  readonly prepared: boolean;
  readonly sections: ReadonlyMap<number, { readonly position: number; readonly size: number }>;
}

/**
 * The checksum of the whole file against the one given, else against the published ones.
 * @returns BLAKE2b-512 in hexadecimal
 * @throws CodedError `ceremony/wrong-checksum`
 */
export async function checkPowersOfTau(path: string, given: string | undefined, onProgress: OnProgress): Promise<string> {
  const checksum = await hashFile(path, 'blake2b512', onProgress);
  const known = Object.entries(knownPowersOfTau()).find(([, { blake2b512 }]) => blake2b512 === checksum);
  if (given !== undefined ? given.toLowerCase() === checksum : known !== undefined) return checksum;
  const wanted = given === undefined ? 'that of no file of circuits/powers-of-tau.json; give the published one by --checksum' : `not ${given.slice(0, 16)}…, which was given`;
  throw ceremonyError('ceremony/wrong-checksum', `the BLAKE2b-512 checksum of ${path} is ${checksum.slice(0, 16)}…, ${wanted}`, { path, checksum });
}

/** "ptau" */
const MAGIC = 0x70746175;
const FIELD_BYTES = 32;
const LAGRANGE_SECTIONS = [12, 13, 14, 15];
const MAX_SECTIONS = 64;

/** @throws CodedError `ceremony/bad-input` */
export async function readPowersOfTau(path: string): Promise<PowersOfTauFile> {
  const file = await open(path, 'r').catch((cause: unknown) => {
    throw ceremonyError('ceremony/bad-input', `${path} cannot be read`, { path }, { cause });
  });
  try {
    return await readTable(path, file);
  } finally {
    await file.close();
  }
}

async function readTable(path: string, file: FileHandle): Promise<PowersOfTauFile> {
  const bad = (what: string) => ceremonyError('ceremony/bad-input', `${path} is not a powers-of-tau file over BN254: ${what}`, { path });
  const { size: length } = await file.stat();
  const read = async (position: number, bytes: number): Promise<DataView> => {
    const buffer = new Uint8Array(bytes);
    if ((await file.read(buffer, 0, bytes, position)).bytesRead !== bytes) throw bad('it is truncated');
    return new DataView(buffer.buffer);
  };
  const head = await read(0, 12);
  if (head.getUint32(0) !== MAGIC) throw bad('it does not begin with "ptau"');
  const count = head.getUint32(8, true);
  if (count > MAX_SECTIONS) throw bad(`it has ${count} sections`);
  const sections = new Map<number, { position: number; size: number }>();
  let position = 12;
  for (let i = 0; i < count; i += 1) {
    const entry = await read(position, 12);
    const size = Number(entry.getBigUint64(4, true));
    if (position + 12 + size > length) throw bad('it is truncated');
    sections.set(entry.getUint32(0, true), { position: position + 12, size });
    position += 12 + size;
  }
  const header = sections.get(1);
  if (header === undefined || header.size !== 4 + FIELD_BYTES + 8) throw bad('its header is not there');
  const power = (await read(header.position, header.size)).getUint32(4 + FIELD_BYTES, true);
  return { path, power, sections, prepared: LAGRANGE_SECTIONS.every((id) => sections.has(id)) };
}
