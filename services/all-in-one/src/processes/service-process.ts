import { type ChildProcess, spawn } from 'node:child_process';
import { createWriteStream, type WriteStream } from 'node:fs';
import { createInterface } from 'node:readline';

/** One line of a service's log. */
export interface LogLine {
  readonly event: string;
  readonly url?: string;
  readonly code?: string;
  readonly error?: { readonly code?: string; readonly name?: string };
}

export interface ServiceProcessOptions {
  readonly name: string;
  /** its compiled main file */
  readonly main: string;
  readonly env: Readonly<Record<string, string>>;
  /** what it prints is appended */
  readonly logFile: string;
  readonly nodeArguments: readonly string[];
}

/** A service as an operating system's process, started as in production. The kernel ends it with the process that started it. */
export class ServiceProcess {
  private constructor(
    private readonly child: ChildProcess,
    private readonly exited: Promise<number | NodeJS.Signals>,
    /** where its HTTP edge listens */
    readonly port: number,
    /** where a replica listens for the others */
    readonly transportPort: number | null,
  ) {}

  get pid(): number {
    return this.child.pid ?? 0;
  }

  get isRunning(): boolean {
    return this.child.exitCode === null && this.child.signalCode === null;
  }

  /** Resolves once it listens. @throws Error with what it said where it ends before */
  static async start({ name, main, env, logFile, nodeArguments }: ServiceProcessOptions): Promise<ServiceProcess> {
    const log = createWriteStream(logFile, { flags: 'a' });
    const command = ['--pdeathsig', 'KILL', '--', process.execPath, '--enable-source-maps', ...nodeArguments, main];
    const child = spawn('setpriv', command, { env: { PATH: process.env['PATH'], ...env }, stdio: ['ignore', 'pipe', 'pipe'] });
    const exited = new Promise<number | NodeJS.Signals>((resolve, reject) => {
      child.once('error', reject);
      child.once('close', (code, signal) => {
        log.end();
        resolve(code ?? signal ?? -1);
      });
    });
    const errors = lastOf(child, log);
    let transportPort: number | null = null;
    const port = await new Promise<number>((resolve, reject) => {
      createInterface({ input: child.stdout }).on('line', (text) => {
        log.write(`${text}\n`);
        const line = parsedLine(text);
        if (line === undefined) return;
        if (line.event === 'replica-listening') transportPort = portOf(line.url);
        if (line.event === 'service-started') resolve(portOf(line.url));
      });
      exited.then((code) => reject(new Error(`${name} ended with ${code}: ${errors()}`)), reject);
    });
    return new ServiceProcess(child, exited, port, transportPort);
  }

  /** SIGKILL: it finishes nothing. */
  async kill(): Promise<void> {
    this.child.kill('SIGKILL');
    await this.exited;
  }

  /** SIGTERM. @returns its exit code, or the signal that ended it */
  async stop(): Promise<number | NodeJS.Signals> {
    this.child.kill('SIGTERM');
    return this.exited;
  }

  signal(signal: NodeJS.Signals): void {
    this.child.kill(signal);
  }
}

const KEPT_CHARACTERS = 8_192;

/** Writes the error output into the log. @returns what it said last */
function lastOf(child: ChildProcess, log: WriteStream): () => string {
  let errors = '';
  child.stderr?.on('data', (chunk: Buffer) => {
    log.write(chunk);
    errors = (errors + chunk.toString()).slice(-KEPT_CHARACTERS);
  });
  return () => errors;
}

/** @returns undefined for what is no line of the log, or not a whole one */
export function parsedLine(text: string): LogLine | undefined {
  try {
    return JSON.parse(text) as LogLine;
  } catch {
    return undefined;
  }
}

const portOf = (url: unknown): number => Number(new URL(String(url)).port);
