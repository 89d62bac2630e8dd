import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ceremonyError, type CeremonyTranscript, parseTranscript } from '@medveil/eligibility';

/**
 * A ceremony's folder: `0000.zkey` and `0000.json` from the coordinator, then a pair for each step. A member needs the
 * last pair and sends back the next one.
 */
export interface StepFiles {
  readonly index: number;
  readonly key: string;
  readonly transcript: string;
}

export function stepFiles(folder: string, index: number): StepFiles {
  const name = String(index).padStart(4, '0');
  return { index, key: join(folder, `${name}.zkey`), transcript: join(folder, `${name}.json`) };
}

const STEP_KEY = /^(\d{4})\.zkey$/;

/** The steps whose keys are there, in order. */
export async function stepsIn(folder: string): Promise<StepFiles[]> {
  const names = await readdir(folder).catch((cause: unknown) => {
    throw ceremonyError('ceremony/bad-input', `${folder} cannot be read`, { path: folder }, { cause });
  });
  return names.flatMap((name) => STEP_KEY.exec(name)?.[1] ?? []).toSorted().map((digits) => stepFiles(folder, Number(digits)));
}

/** @throws CodedError `ceremony/bad-input` where there is none, `ceremony/bad-transcript` */
export async function lastStep(folder: string): Promise<StepFiles & { readonly content: CeremonyTranscript }> {
  const last = (await stepsIn(folder)).at(-1);
  if (last === undefined) throw ceremonyError('ceremony/bad-input', `${folder} holds no step of a ceremony (0000.zkey, 0000.json and so on)`, { path: folder });
  const text = await readFile(last.transcript, 'utf8').catch((cause: unknown) => {
    throw ceremonyError('ceremony/bad-input', `${last.transcript} cannot be read`, { path: last.transcript }, { cause });
  });
  const content = parseTranscript(text);
  if (content.contributions.length !== last.index) {
    throw ceremonyError('ceremony/bad-transcript', `${last.transcript} has ${content.contributions.length} contributions; the file's name says ${last.index}`, { path: last.transcript });
  }
  return { ...last, content };
}
