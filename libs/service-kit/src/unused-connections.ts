import type { Server } from 'node:http';
import type { Socket } from 'node:net';

const LOOK_MS = 50;

/**
 * Connections that no request is on, which a closing server waits for. Those on which nothing has been sent it takes for busy until their
 * first request is overdue; clients open such ones ahead of need (undici does after an aborted request). Those that wait for a further
 * request it ends once, when it begins to close, and not those that are answered later.
 */
export class UnusedConnections {
  readonly #open = new Set<Socket>();

  constructor(private readonly server: Server) {
    server.on('connection', (socket: Socket) => {
      this.#open.add(socket);
      socket.once('close', () => this.#open.delete(socket));
    });
  }

  /** Ends them as long as the server closes. */
  async endWhile<T>(closing: Promise<T>): Promise<T> {
    const end = (): void => {
      for (const socket of this.#open) if (socket.bytesRead === 0) socket.destroy();
      this.server.closeIdleConnections();
    };
    const timer = setInterval(end, LOOK_MS);
    end();
    try {
      return await closing;
    } finally {
      clearInterval(timer);
    }
  }
}
