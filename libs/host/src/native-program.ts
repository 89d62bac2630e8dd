import { spawn } from 'node:child_process';
import { statfsSync } from 'node:fs';
import { type FileHandle, mkdtemp, open, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { type ProofProgram } from '@medveil/eligibility';

export interface NativeProgramOptions {
  /** A folder on a memory file system (tmpfs), where files without a name are made; default /dev/shm. */
  readonly memoryFolder?: string;
  /** After so long the program is killed; default 120,000. */
  readonly timeoutMs?: number;
}

/** Linux's number for tmpfs (statfs(2)). */
const TMPFS = 0x01021994;
const MAX_PROOF_BYTES = 65_536;

/**
 * A program of rapidsnark's command line, `COMMAND… ZKEY WITNESS PROOF PUBLIC`. It maps its files into memory, so that
 * pipes will not do. The witness goes into a file on tmpfs whose name is gone before the first byte is written: it is in
 * memory only, nobody can open it by name, and it is gone with the last process that holds it. What the program prints
 * could tell of the witness and is dropped.
 * @throws Error where the folder is not on tmpfs
 */
export function nativeProgram(command: readonly [string, ...string[]], options: NativeProgramOptions = {}): ProofProgram {
  const { memoryFolder = '/dev/shm', timeoutMs = 120_000 } = options;
  if (!isMemory(memoryFolder)) throw new Error(`nativeProver: a native prover needs Linux and ${memoryFolder} on tmpfs, for the witness must not reach a disk`);
  return async (zkeyFile, witness, stop) => {
    const [input, output] = await Promise.all([namelessFile(memoryFolder), namelessFile(memoryFolder)]);
    try {
      await input.writeFile(witness);
      if (!(await succeeds(command, zkeyFile, [input.fd, output.fd], { signal: stop, timeout: timeoutMs }))) return undefined;
      const { bytesRead, buffer } = await output.read(Buffer.alloc(MAX_PROOF_BYTES), 0, MAX_PROOF_BYTES, 0);
      return buffer.toString('utf8', 0, bytesRead);
    } finally {
      await Promise.all([input.close(), output.close()]);
    }
  };
}

function isMemory(folder: string): boolean {
  try {
    return statfsSync(folder).type === TMPFS;
  } catch {
    return false;
  }
}

/** Open for reading and writing, its name removed. */
async function namelessFile(memoryFolder: string): Promise<FileHandle> {
  const folder = await mkdtemp(join(memoryFolder, 'medveil-'));
  try {
    return await open(join(folder, 'file'), 'wx+', 0o600);
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** Whether the program ended well. It sees witness and proof as descriptors 3 and 4, and none of this process's environment. */
function succeeds(
  [program, ...first]: readonly [string, ...string[]],
  zkeyFile: string,
  [witness, proof]: readonly [number, number],
  limits: { readonly signal: AbortSignal; readonly timeout: number },
): Promise<boolean> {
  const child = spawn(program, [...first, zkeyFile, '/proc/self/fd/3', '/proc/self/fd/4', '/dev/null'], {
    ...limits,
    stdio: ['ignore', 'ignore', 'ignore', witness, proof],
    env: {},
    killSignal: 'SIGKILL',
  });
  return new Promise((resolve) => {
    child.on('error', () => {
      // it was never started, or it is being killed and will close
      if (child.pid === undefined) resolve(false);
    });
    child.on('close', (code) => resolve(code === 0));
  });
}
