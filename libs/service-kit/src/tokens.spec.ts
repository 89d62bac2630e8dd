import assert from 'node:assert/strict';
import { createPrivateKey, createPublicKey, randomBytes } from 'node:crypto';
import { describe, it } from 'node:test';
import { createTokenVerifier, issueToken, type TokenSigningKey } from './index.js';

const seed = new Uint8Array(32).fill(5);
const privateKey = createPrivateKey({ key: Buffer.concat([Buffer.from('302e020100300506032b657004220420', 'hex'), seed]), format: 'der', type: 'pkcs8' });
const publicKey = new Uint8Array(createPublicKey(privateKey).export({ format: 'der', type: 'spki' }).subarray(12));
const random = (length: number) => new Uint8Array(randomBytes(length));

const NOW_MS = 1_700_000_000_000;
const request = { issuer: 'pkg', audience: 'contract', subject: 'acc_1', scopes: ['claims:write', 'claims:read'], ttlMs: 60_000 };
const issue = async (key: TokenSigningKey, change: Partial<typeof request> = {}) => issueToken(key, { ...request, ...change }, { clock: () => NOW_MS, random });
const verifierAt = (nowMs: number) =>
  createTokenVerifier({ issuer: 'pkg', audience: 'contract', clock: () => nowMs, keys: [{ algorithm: 'EdDSA', keyId: 'k', publicKey }] });

describe('access tokens', () => {
  it('signed with Ed25519 say who may do what, until they expire', async () => {
    const token = await issue({ algorithm: 'EdDSA', keyId: 'k', seed });
    const principal = await verifierAt(NOW_MS).verify(token);
    assert.deepEqual([principal.subject, [...principal.scopes]], ['acc_1', ['claims:write', 'claims:read']]);
    await assert.rejects(verifierAt(NOW_MS + 100_000).verify(token), { code: 'http/unauthenticated' });
    await assert.rejects(verifierAt(NOW_MS).verify(await issue({ algorithm: 'EdDSA', keyId: 'k', seed }, { issuer: 'someone' })), { code: 'http/unauthenticated' });
  });

  it('do not choose their own algorithm: a public key is no shared secret', async () => {
    const forged = await issue({ algorithm: 'HS256', keyId: 'k', secret: publicKey });
    await assert.rejects(verifierAt(NOW_MS).verify(forged), { code: 'http/unauthenticated' });
  });

  it('need a known key, and a secret of some length', async () => {
    await assert.rejects(verifierAt(NOW_MS).verify(await issue({ algorithm: 'EdDSA', keyId: 'other', seed })), { code: 'http/unauthenticated' });
    await assert.rejects(issue({ algorithm: 'HS256', keyId: 'k', secret: new Uint8Array(31) }), /at least 32 bytes/);
  });
});
