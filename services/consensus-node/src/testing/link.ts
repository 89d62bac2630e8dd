import { connect, createServer, type Server, type Socket } from 'node:net';

/** One direction between two replicas, through a port of the test's own: it can be cut, mended and made slow. */
export class Link {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  /** where the replica at its end listens; null: not yet known */
  target: number | null = null;
  /** milliseconds that everything takes longer */
  delayMs = 0;
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
    if (this.#isCut || this.target === null) return void near.destroy();
    const far = connect(this.target, '127.0.0.1');
    this.#carry(near, far);
    this.#carry(far, near);
  }

  #carry(from: Socket, to: Socket): void {
    this.#sockets.add(from);
    from.setNoDelay(true);
    from.on('error', () => from.destroy());
    from.once('close', () => {
      this.#sockets.delete(from);
      to.destroy();
    });
    from.on('data', (chunk) => {
      if (this.delayMs === 0) to.write(chunk);
      else setTimeout(() => { if (!to.destroyed) to.write(chunk); }, this.delayMs);
    });
  }
}
