import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { decodeCanonical, encodeCanonical, type CborValue, utf8 } from '@medveil/encoding';
import fc from 'fast-check';
import { z } from 'zod';
import { defineMessage, type DropReason, ed25519Signer, MessageReceiver, MessageSealer, type ReceiverOptions, staticDirectory } from './index.js';

const definition = defineMessage({ type: 'greeting', version: 1, topic: 'medveil.greetings', schema: z.strictObject({ text: z.string().max(40) }) });
const other = defineMessage({ type: 'farewell', version: 1, topic: 'medveil.greetings', schema: z.strictObject({}) });
const signer = ed25519Signer('alpha', new Uint8Array(32).fill(1));
const stranger = ed25519Signer('alpha', new Uint8Array(32).fill(2));
const directory = staticDirectory({ alpha: { publicKey: signer.publicKey, allowedTypes: new Set(['greeting']) } });
const random = (length: number) => new Uint8Array(length).fill(9);
const clock = () => 1_700_000_000_000;
const sealing = { network: 'net-1', signer, clock, random };

function receiver(options: Partial<ReceiverOptions> = {}): { open: (bytes: Uint8Array, topic?: string) => Promise<string>; drops: DropReason[] } {
  const drops: DropReason[] = [];
  const made = new MessageReceiver({
    network: 'net-1', definitions: [definition, other], directory, observer: { dropped: (_topic, reason) => drops.push(reason) }, ...options,
  });
  const open = async (bytes: Uint8Array, topic: string = definition.topic) => {
    const result = await made.open({ topic, value: bytes });
    return result.ok ? 'ok' : result.reason;
  };
  return { open, drops };
}

const sealed = async (options = sealing) => (await new MessageSealer(options).seal(definition, { text: 'hello' }, { key: 'k' })).envelope;

describe('envelope', () => {
  it('comes out as it went in', async () => {
    const result = await new MessageReceiver({ network: 'net-1', definitions: [definition], directory }).open({ topic: definition.topic, value: await sealed() });
    assert.deepEqual(result, { ok: true, message: {
      id: 'msg_09090909090909090909090909090909', type: 'greeting', version: 1, topic: 'medveil.greetings', sender: 'alpha',
      sentAtMs: 1_700_000_000_000, payload: { text: 'hello' },
    } });
  });

  it('is dropped, and the reason counted, for everything that is not right', async () => {
    const { open, drops } = receiver();
    const good = await sealed();
    const edited = (change: Record<string, CborValue>) => encodeCanonical({ ...(decodeCanonical(good) as Record<string, CborValue>), ...change });
    const farewell = await new MessageSealer(sealing).seal(other, {}, { key: 'k' });
    const cases: [Uint8Array, DropReason][] = [
      [utf8('not cbor'), 'malformed'],
      [edited({ extra: 1 }), 'malformed'],
      [edited({ type: 'unheard' }), 'unknown-type'],
      [edited({ version: 2 }), 'unknown-version'],
      [edited({ sender: 'beta' }), 'unknown-sender'],
      [farewell.envelope, 'not-allowed'],
      [edited({ payload: { text: 'changed' } }), 'bad-signature'],
      [edited({ sentAtMs: 5 }), 'bad-signature'],
      [await sealed({ ...sealing, signer: stranger }), 'bad-signature'],
      [await sealed({ ...sealing, network: 'net-2' }), 'bad-signature'],
      [new Uint8Array(2 * 1024 * 1024), 'too-large'],
    ];
    for (const [bytes, reason] of cases) assert.equal(await open(bytes), reason);
    assert.equal(await open(good, 'medveil.elsewhere'), 'wrong-topic');
    assert.deepEqual(drops, [...cases.map(([, reason]) => reason), 'wrong-topic']);
  });

  it('survives any bytes and any single changed byte without throwing or believing', async () => {
    const { open } = receiver();
    const good = await sealed();
    await fc.assert(fc.asyncProperty(fc.uint8Array({ maxLength: 300 }), async (bytes) => assert.notEqual(await open(bytes), 'ok')), { numRuns: 200 });
    await fc.assert(
      fc.asyncProperty(fc.nat(good.length - 1), fc.integer({ min: 1, max: 255 }), async (index, flip) => {
        const bytes = good.slice();
        bytes[index] = (bytes[index] ?? 0) ^ flip;
        assert.notEqual(await open(bytes), 'ok');
      }),
      { numRuns: 300 },
    );
  });

  it('is refused at the sender where the payload does not fit or is too large', async () => {
    const sealer = new MessageSealer({ ...sealing, maxMessageBytes: 100 });
    await assert.rejects(sealer.seal(definition, { text: 'x'.repeat(41) }, { key: 'k' }), { code: 'messaging/bad-payload' });
    await assert.rejects(sealer.seal(definition, { text: 'x'.repeat(40) }, { key: 'k' }), { code: 'messaging/too-large' });
  });

  it('is refused as a signed payload of a wrong form: the sender may be older or hostile', async () => {
    const loose = defineMessage({ ...definition, schema: z.record(z.string(), z.string()) });
    const { envelope } = await new MessageSealer(sealing).seal(loose, { txet: 'hello' }, { key: 'k' });
    assert.equal(await receiver().open(envelope), 'bad-payload');
  });
});
