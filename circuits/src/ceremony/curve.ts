import { curves, type MpcCurve, type MpcLogger } from 'snarkjs';

/** A word on what is being done, and how far it is from 0 to 1 where that is known. */
export type OnProgress = (step: string, done?: number) => void;

let users = 0;

/** snarkjs keeps one curve with its threads for the whole process. Whoever is done with it last ends the threads. */
export async function withCurve<T>(work: (curve: MpcCurve) => Promise<T>): Promise<T> {
  users += 1;
  const curve = await curves.getCurveFromName('bn128');
  try {
    return await work(curve);
  } finally {
    users -= 1;
    if (users === 0) await curve.terminate();
  }
}

const silent = (): void => undefined;

/** Passes on what snarkjs says it is doing, "section: 4096/65536" as a share, and keeps its complaints. */
export function listenTo(onProgress: OnProgress): MpcLogger & { readonly errors: readonly string[] } {
  const errors: string[] = [];
  const progress = (message: string): void => {
    const counted = /^(.*?):?\s+(\d+)\/(\d+)$/.exec(message);
    if (counted === null) onProgress(message);
    else onProgress(counted[1] ?? '', Number(counted[2]) / Number(counted[3]));
  };
  return { errors, debug: progress, info: silent, warn: silent, log: silent, error: (message) => void errors.push(message) };
}
