import { claimTable, preStatementOf, recordTable, stateKeys } from '@medveil/agreements';
import { proxyApi } from '@medveil/client';
import { CodedError, decodeCanonical, encodeCanonical, equalBytes, fromBase64Url, fromHex, type Id, sha256, toBase64Url, utf8 } from '@medveil/encoding';
import { accountId, hpkeOpen } from '@medveil/identity';
import { z } from 'zod';
import type { Asked, Route } from './http-server.js';
import type { TestWorld } from './test-world.js';

const grantSchema = z.strictObject({ claimId: z.string(), keys: z.array(z.strictObject({ part: z.string(), reKey: z.instanceof(Uint8Array) })) });

/** The proxy's side: keeps bodies, opens grants, re-encrypts and records the delivery, with the real scheme. */
export class TestProxy {
  readonly bodies = new Map<string, Uint8Array>();
  /** of opened grants, by claim: which parts came with keys */
  readonly granted = new Map<string, readonly string[]>();
  /** takes grants and does nothing */
  stalls = false;

  constructor(private readonly world: TestWorld) {}

  readonly route: Route = async (method, asked) => {
    const { path } = asked;
    if (path === '/v1/parameters') return this.#parameters();
    if (asked.caller === null) throw new CodedError('http/unauthenticated', 'no credential');
    if (method === 'PUT' && path.startsWith('/v1/bodies/')) return this.#put(path.slice('/v1/bodies/'.length), asked.body);
    if (method === 'POST' && path === '/v1/grants') return this.#grant(asked);
    return undefined;
  };

  #parameters(): proxyApi.ProxyParameters {
    const { keys } = this.world;
    // The agent takes the seal key from the ledger, not from here.
    return { account: accountId(keys.proxy.publicKey), hpkePublicKey: toBase64Url(new Uint8Array(32)), maxBodyBytes: 1 << 30 };
  }

  #put(sha256Hex: string, body: Buffer): z.infer<typeof proxyApi.storedBodySchema> {
    const bytes = new Uint8Array(body);
    if (!equalBytes(sha256(bytes), fromHex(sha256Hex))) throw new CodedError('object-store/digest-mismatch', 'not what was announced');
    this.bodies.set(sha256Hex, bytes);
    return { sha256: sha256Hex, sizeBytes: bytes.length, created: true };
  }

  async #grant(asked: Asked): Promise<proxyApi.Grant> {
    const { claimId, sealed } = proxyApi.grantRequestSchema.parse(asked.json());
    const account = asked.caller?.account;
    const aad = encodeCanonical({ claimId, account: account ?? '' });
    const opened = grantSchema.parse(decodeCanonical(await hpkeOpen(this.world.keys.proxyHpke, { info: utf8('medveil/grant/1'), aad }, fromBase64Url(sealed))));
    this.granted.set(claimId, opened.keys.map(({ part }) => part));
    if (!this.stalls) await this.#deliver(claimId, opened.keys);
    return { claimId, status: this.stalls ? 'received' : 'delivered', reason: null, deliveryTransactionId: null, updatedAtMs: this.world.clock() };
  }

  async #deliver(claimId: Id<'clm'>, keys: z.infer<typeof grantSchema>['keys']): Promise<void> {
    const { ledger, pre, network, random, keys: own } = this.world;
    const view = ledger.ledger.view();
    const claim = claimTable.decode(view.get(stateKeys.claim(claimId)) ?? null);
    const record = recordTable.decode(view.get(stateKeys.record(claim.recordId)) ?? null);
    const parts = record.parts.map(({ part, version, capsule }) => {
      const reKey = keys.find((key) => key.part === part)?.reKey ?? new Uint8Array();
      const transformed = pre.reEncrypt(capsule, reKey);
      const statement = preStatementOf({
        chainId: network.chainId, record: record.record, part, version, claimId, ownerKey: record.ownerKey, delegateeKey: claim.delegateeKey, capsule, transformed,
      });
      if (!pre.checkReKey(statement.ownerPublicKey, statement.label, statement.delegateePublicKey, reKey)) throw new CodedError('proxy/bad-re-key', 'not the right key');
      return { part, transformed, proof: pre.proveReEncryption({ ...statement, reKey }, random) };
    });
    await ledger.execute(own.proxy, { type: 'record-delivery', claimId, parts });
  }
}
