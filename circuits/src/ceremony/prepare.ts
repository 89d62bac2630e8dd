import { type FileHandle, open } from 'node:fs/promises';
import { ceremonyError } from '@medveil/eligibility';
import type { MpcCurve } from 'snarkjs';
import { BASE_FIELD_ORDER, toLittleEndian } from '../curve-memory.js';
import type { OnProgress } from './curve.js';
import type { PowersOfTauFile } from './powers-of-tau.js';

const G1 = 64;
const G2 = 128;
/** Powers of τ by section, and the section of their Lagrange bases: in G1, in G2, α times those in G1, β times them. */
const BASES = [
  { from: 2, to: 12, group: 'G1', bytes: G1, extra: 1 },
  { from: 3, to: 13, group: 'G2', bytes: G2, extra: 0 },
  { from: 4, to: 14, group: 'G1', bytes: G1, extra: 0 },
  { from: 5, to: 15, group: 'G1', bytes: G1, extra: 0 },
] as const;
const HEADER_BYTES = 4 + 32 + 4 + 4;
/** In G1 point operations, about: G2 costs three times as much; τ in G1 has the double domain on top. */
const workOf = ({ group, extra }: (typeof BASES)[number]): number => (group === 'G2' ? 3 : 1) + 2 * extra;

/**
 * Writes a powers-of-tau file that holds of the Lagrange bases what one circuit's initial key is made of: those of its
 * domain of size 2^power and, of τ in G1, of the domain twice as large. The bases of the smaller domains, half of the
 * work when a file is prepared for all circuits, are left out (holes of the file).
 */
export async function prepareFor(curve: MpcCurve, source: PowersOfTauFile, power: number, path: string, onProgress: OnProgress): Promise<void> {
  const input = await open(source.path, 'r');
  const output = await open(path, 'wx');
  try {
    let position = await writeAt(output, 0, new TextEncoder().encode('ptau'), u32(1), u32(1 + 6 + BASES.length));
    position = await writeAt(output, position, u32(1), u64(HEADER_BYTES), u32(32), toLittleEndian(BASE_FIELD_ORDER), u32(power), u32(power));
    for (const id of [4, 5]) position = await copyStart(input, source, id, G1 * 2 ** power, output, position);
    position = await copyStart(input, source, 2, G1 * (2 ** (power + 1) - 1), output, position);
    position = await copyStart(input, source, 3, G2 * 2 ** power, output, position);
    position = await copyStart(input, source, 6, G2, output, position);
    position = await writeAt(output, position, u32(7), u64(4), u32(0));
    let [done, total] = [0, BASES.reduce((sum, base) => sum + workOf(base), 0)];
    onProgress('Lagrange bases', 0);
    for (const base of BASES) {
      const top = power + base.extra;
      const size = base.bytes * (2 ** (top + 1) - 1);
      await writeAt(output, position, u32(base.to), u64(size));
      position += 12;
      // the basis of the domain of size 2^p stands behind those of all smaller ones
      for (let p = power; p <= top; p += 1) {
        const points = await readPowers(input, source, base.from, base.bytes, 2 ** p);
        const basis = await curve[base.group].lagrangeEvaluations(points, 'affine', 'affine');
        await output.write(basis, 0, basis.length, position + base.bytes * (2 ** p - 1));
      }
      position += size;
      done += workOf(base);
      onProgress('Lagrange bases', done / total);
    }
  } finally {
    await Promise.all([input.close(), output.close()]);
  }
}

/** The first powers; of τ in G1 there is one fewer than the double domain has, and its coefficient is zero. */
async function readPowers(input: FileHandle, source: PowersOfTauFile, id: number, pointBytes: number, count: number): Promise<Uint8Array> {
  const { position, size } = sectionOf(source, id);
  const points = new Uint8Array(pointBytes * count);
  const { bytesRead } = await input.read(points, 0, Math.min(points.length, size), position);
  if (bytesRead < points.length - (id === 2 ? pointBytes : 0)) throw tooShort(source, id);
  return points;
}

async function copyStart(input: FileHandle, source: PowersOfTauFile, id: number, bytes: number, output: FileHandle, at: number): Promise<number> {
  const section = sectionOf(source, id);
  const data = new Uint8Array(bytes);
  const { bytesRead } = await input.read(data, 0, Math.min(bytes, section.size), section.position);
  if (bytesRead < bytes) throw tooShort(source, id);
  return writeAt(output, at, u32(id), u64(bytes), data);
}

const tooShort = (source: PowersOfTauFile, id: number) =>
  ceremonyError('ceremony/unsuitable-powers', `${source.path}: section ${id} is too short`, { path: source.path });

function sectionOf(source: PowersOfTauFile, id: number) {
  const section = source.sections.get(id);
  if (section === undefined) throw ceremonyError('ceremony/unsuitable-powers', `${source.path}: section ${id} is missing`, { path: source.path });
  return section;
}

/** @returns where the next chunk belongs */
async function writeAt(output: FileHandle, position: number, ...chunks: readonly Uint8Array[]): Promise<number> {
  const bytes = Buffer.concat(chunks);
  await output.write(bytes, 0, bytes.length, position);
  return position + bytes.length;
}

const u32 = (value: number): Uint8Array => toLittleEndian(BigInt(value), 4);
const u64 = (value: number): Uint8Array => toLittleEndian(BigInt(value), 8);
