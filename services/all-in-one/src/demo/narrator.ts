/** Tells what happens, with the seconds since the start; and keeps the account of what was checked. */
export class Narrator {
  readonly #startedAt = performance.now();
  readonly #failed: string[] = [];
  #checks = 0;

  constructor(private readonly write: (text: string) => void = (text) => void process.stdout.write(text)) {}

  chapter(title: string): void {
    this.#print(`\n[${this.#elapsed()}] ${title}`);
  }

  say(line: string): void {
    this.#print(`         ${line}`);
  }

  /** Progress of a long step. */
  progress(line: string): void {
    this.#print(`[${this.#elapsed()}]   ${line}`);
  }

  check(what: string, holds: boolean): void {
    this.#checks += 1;
    if (!holds) this.#failed.push(what);
    this.#print(`         ${holds ? 'ok ' : 'NOT'} ${what}`);
  }

  get failed(): readonly string[] {
    return this.#failed;
  }

  get checks(): number {
    return this.#checks;
  }

  seconds(): number {
    return (performance.now() - this.#startedAt) / 1000;
  }

  #elapsed(): string {
    return `${this.seconds().toFixed(1).padStart(5)} s`;
  }

  #print(line: string): void {
    this.write(`${line}\n`);
  }
}
