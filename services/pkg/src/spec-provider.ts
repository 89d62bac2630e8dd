import type { webcrypto } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { exportJWK, generateKeyPair, type JWTPayload, SignJWT } from 'jose';

export const CLIENT_ID = 'medveil-pkg';

/** A small OpenID provider on a free loopback port: it publishes its keys and signs whatever it is told to. */
export class TestProvider {
  /** answers nobody */
  isAway = false;

  private constructor(
    private readonly server: Server,
    readonly url: string,
    private readonly key: webcrypto.CryptoKey,
  ) {}

  static async start(): Promise<TestProvider> {
    const { publicKey, privateKey } = await generateKeyPair('ES256');
    const keys = JSON.stringify({ keys: [{ ...(await exportJWK(publicKey)), kid: 'one', alg: 'ES256', use: 'sig' }] });
    const server = createServer((_, response) => {
      response.writeHead(provider.isAway ? 500 : 200, { 'content-type': 'application/json' });
      response.end(keys);
    });
    await new Promise<void>((resolve) => { server.listen(0, '127.0.0.1', resolve); });
    const provider = new TestProvider(server, `http://127.0.0.1:${(server.address() as AddressInfo).port}`, privateKey);
    return provider;
  }

  sign(payload: JWTPayload, key: webcrypto.CryptoKey = this.key, alg = 'ES256'): Promise<string> {
    return new SignJWT(payload).setProtectedHeader({ alg, kid: 'one' }).sign(key);
  }

  close(): Promise<void> {
    return new Promise((resolve) => {
      this.server.close(() => resolve());
      this.server.closeAllConnections();
    });
  }
}
