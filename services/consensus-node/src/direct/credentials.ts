import { constants, createPrivateKey, X509Certificate } from 'node:crypto';
import type { TLSSocket } from 'node:tls';
import { equalBytes, fromBase64Url, type RandomBytes, toBase64Url } from '@medveil/encoding';
import { createPeerCertificate, signingKeyFromSeed } from '@medveil/identity';
import type { ReplicaIdentity } from '@medveil/ledger';
import { ALPN_PROTOCOL } from './hello.js';

export interface Credentials {
  readonly key: string;
  readonly cert: string;
}

/**
 * A replica's TLS identity is its key on the ledger: a certificate, made at each start, that this key signs for itself. Nothing
 * signed in TLS passes for a statement of the protocol: those are 32-byte digests, TLS signs 64 spaces and a context string before
 * the transcript (RFC 8446, 4.4.3).
 * @param seed of the key that the replica votes with
 */
export async function replicaCredentials(name: string, seed: Uint8Array, random: RandomBytes): Promise<Credentials> {
  const key = signingKeyFromSeed(seed);
  const jwk = { kty: 'OKP', crv: 'Ed25519', d: toBase64Url(key.secretKey), x: toBase64Url(key.publicKey) };
  const der = await createPeerCertificate({ name, key }, random);
  return { key: createPrivateKey({ key: jwk, format: 'jwk' }).export({ format: 'pem', type: 'pkcs8' }).toString(), cert: new X509Certificate(der).toString() };
}

/**
 * Options of both ends. Chains of authorities are not asked: the key is compared with the ledger's (`peerOf`), and TLS 1.3 itself has
 * the peer sign the handshake with it. This side resumes no session, and hands out no tickets for others to.
 */
export const tlsOptions = ({ key, cert }: Credentials) =>
  ({ key, cert, minVersion: 'TLSv1.3', ALPNProtocols: [ALPN_PROTOCOL], rejectUnauthorized: false, requestCert: true, secureOptions: constants.SSL_OP_NO_TICKET }) as const;

/** Which replica of the ledger's set is at the other end, or null: nobody whom the ledger knows. */
export function peerOf(socket: TLSSocket, replicas: readonly ReplicaIdentity[]): ReplicaIdentity | null {
  const key = peerKey(socket);
  return key === null ? null : (replicas.find(({ publicKey }) => equalBytes(publicKey, key)) ?? null);
}

function peerKey(socket: TLSSocket): Uint8Array | null {
  if (socket.getProtocol() !== 'TLSv1.3' || socket.alpnProtocol !== ALPN_PROTOCOL) return null;
  const certificate = socket.getPeerX509Certificate();
  if (certificate?.publicKey.asymmetricKeyType !== 'ed25519') return null;
  const { x } = certificate.publicKey.export({ format: 'jwk' });
  return x === undefined ? null : fromBase64Url(x);
}
