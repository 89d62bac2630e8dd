import { connect, createServer, type Server, type Socket } from 'node:net';

/** Towards the target, or back from it. */
export type Direction = 'there' | 'back';

/** A way through a port of the test's own, for example from one replica to another: it can be cut, mended, made slow, and made to lose or change what it carries. */
export class Link {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  /** port of who listens at its end; several: each connection goes to the next of them; null: not yet known */
  target: number | readonly number[] | null = null;
  #accepted = 0;
  /** milliseconds that everything takes longer */
  delayMs = 0;
  /** what becomes of a piece; null: it is lost, and the connection stays */
  change: ((piece: Buffer, direction: Direction) => Buffer | null) | null = null;
  #isCut = false;

  private constructor() {
    this.#server = createServer((socket) => this.#accept(socket));
  }

  static async open(): Promise<Link> {
    const link = new Link();
    await new Promise<void>((resolve) => { link.#server.listen(0, '127.0.0.1', resolve); });
    return link;
  }

  get port(): number {
    return (this.#server.address() as { port: number }).port;
  }

  cut(): void {
    this.#isCut = true;
    for (const socket of this.#sockets) socket.destroy();
  }

  mend(): void {
    this.#isCut = false;
  }

  async close(): Promise<void> {
    this.cut();
    await new Promise((resolve) => { this.#server.close(resolve); });
  }

  #accept(near: Socket): void {
    const targets = [this.target ?? []].flat();
    const port = targets[this.#accepted % targets.length];
    this.#accepted += 1;
    if (this.#isCut || port === undefined) return void near.destroy();
    const far = connect(port, '127.0.0.1');
    this.#carry(near, far, 'there');
    this.#carry(far, near, 'back');
  }

  #carry(from: Socket, to: Socket, direction: Direction): void {
    this.#sockets.add(from);
    from.setNoDelay(true);
    from.on('error', () => from.destroy());
    const later = (act: () => void): void => {
      if (this.delayMs === 0) act();
      else setTimeout(act, this.delayMs);
    };
    from.once('close', () => {
      this.#sockets.delete(from);
      // After what is still on its way.
      later(() => to.destroySoon());
    });
    from.on('data', (chunk) => {
      const piece = this.change === null ? chunk : this.change(chunk, direction);
      if (piece !== null) later(() => { if (to.writable) to.write(piece); });
    });
  }
}
