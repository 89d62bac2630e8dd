import type { Server } from 'node:http';
import type { Socket } from 'node:net';

const LOOK_MS = 50;

/**
 * Connections on which nothing has been sent. A server that closes takes them for busy and waits until their first request is
 * overdue; clients open such ones ahead of need (undici does after an aborted request).
 */
export class FreshConnections {
  readonly #open = new Set<Socket>();

  constructor(server: Server) {
    server.on('connection', (socket: Socket) => {
      this.#open.add(socket);
      socket.once('close', () => this.#open.delete(socket));
    });
  }

  /** Ends them as long as the server closes. */
  async endWhile<T>(closing: Promise<T>): Promise<T> {
    const end = (): void => {
      for (const socket of this.#open) if (socket.bytesRead === 0) socket.destroy();
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
