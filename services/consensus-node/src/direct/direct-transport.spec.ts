import assert from 'node:assert/strict';
import { EventEmitter, once } from 'node:events';
import { connect as connectPlain, createServer, type Server, type Socket } from 'node:net';
import { afterEach, describe, it } from 'node:test';
import { connect, type TLSSocket } from 'node:tls';
import { signingKeyFromSeed } from '@medveil/identity';
import { createGenesis, type ReplicaIdentity } from '@medveil/ledger';
import { eventually, random } from '../spec-world.js';
import { replicaCredentials, tlsOptions } from './credentials.js';
import { type DirectObserver, DirectTransport } from './direct-transport.js';
import { encodeFrame, FRAME, frameHeader } from './frames.js';
import { encodeHello } from './hello.js';
import type { Address } from './outgoing-link.js';
import { LINK_TIMING } from './timing.js';

const HOST = '127.0.0.1';
const seeds = [0, 1, 2, 3].map(() => random(32));
const members: readonly ReplicaIdentity[] = seeds.map((seed, index) => ({ id: `replica-${index}`, publicKey: signingKeyFromSeed(seed).publicKey }));
const genesisOf = (chainId: string) => createGenesis({ version: 1, chainId, timeMs: 1, replicaSet: members, parameters: null, state: [] });
const genesis = genesisOf('direct');
const timing = { ...LINK_TIMING, minBackoffMs: 5, maxBackoffMs: 20 };
const bytes = (text: string): Uint8Array => new Uint8Array(Buffer.from(text));

interface Party {
  readonly transport: DirectTransport;
  readonly addresses: Record<string, Address>;
  readonly received: { readonly from: string; readonly text: string }[];
  readonly events: string[];
  replicas: readonly ReplicaIdentity[];
  /** while set, the receiver takes nothing more */
  hold: Promise<void> | null;
}

const connected = async (party: Party, count: number) => eventually(() => (party.transport.counts().connectedTo === count ? true : undefined));

const closing: (() => Promise<unknown>)[] = [];

async function genuine(port: number, overrides: object = {}): Promise<TLSSocket> {
  const socket = connect({ ...tlsOptions(await replicaCredentials('replica-1', seeds[1] as Uint8Array, random)), host: HOST, port, ...overrides });
  closing.push(async () => socket.destroy());
  return socket;
}

const ended = (socket: Socket) => new Promise<void>((resolve) => {
  socket.on('error', () => undefined);
  socket.once('close', () => resolve());
  socket.resume();
});

async function open(index: number, options: { readonly chainId?: string; readonly key?: Uint8Array; readonly keyOf?: () => Uint8Array; readonly maxMessageBytes?: number } = {}): Promise<Party> {
  const { chainId = 'direct', key = seeds[index] ?? random(32), maxMessageBytes = 8 << 20 } = options;
  const party = { addresses: {} as Record<string, Address>, received: [] as Party['received'], events: [] as string[], replicas: members, hold: null as Promise<void> | null };
  const observer: DirectObserver = {
    opened: (peer) => void party.events.push(`opened ${peer}`),
    closed: (peer, code, wasOpen) => void party.events.push(`${wasOpen ? 'ended' : 'failed'} ${peer} ${code}`),
    refused: (code) => void party.events.push(`refused ${code}`),
    dropped: (kind) => void party.events.push(`dropped ${kind}`),
  };
  const transport = await DirectTransport.open({
    self: `replica-${index}`, key: options.keyOf ?? (() => key), genesis: genesisOf(chainId), replicas: () => party.replicas, listen: { host: HOST, port: 0 }, addresses: party.addresses, maxMessageBytes, observer, random, timing,
    receive: (from, message) => {
      party.received.push({ from, text: Buffer.from(message).toString() });
      return party.hold;
    },
  });
  closing.push(async () => transport.close());
  return Object.assign(party, { transport });
}

function introduce(...parties: readonly Party[]): void {
  for (const party of parties) {
    for (const [index, other] of parties.entries()) if (other !== party) party.addresses[`replica-${index}`] = { host: HOST, port: other.transport.port };
    party.transport.replicasChanged();
  }
}

const openings = (party: Party): number => party.events.filter((event) => event.startsWith('opened')).length;

describe('the direct transport', () => {
  afterEach(async () => {
    for (const close of closing.splice(0).toReversed()) await close();
  });

  it('carries messages to one and to all, in order, under the name that the key has on the ledger', async () => {
    const parties = await Promise.all([0, 1, 2, 3].map(async (index) => open(index)));
    introduce(...parties);
    for (const party of parties) await connected(party, 3);
    const [a, b, c, d] = parties as [Party, Party, Party, Party];
    const large = 'x'.repeat(1 << 20);
    a.transport.send('replica-1', 'commit', bytes('to one'));
    for (let number = 0; number < 200; number += 1) a.transport.send('all', 'prepare', bytes(`${number}`));
    a.transport.send('all', 'pre-prepare', bytes(large));
    const expected = [...Array.from({ length: 200 }, (_, number) => `${number}`), large];
    for (const party of [b, c, d]) await eventually(() => (party.received.at(-1)?.text === large ? true : undefined));
    assert.deepEqual(c.received.map(({ text }) => text), expected);
    assert.deepEqual(b.received.map(({ text }) => text), ['to one', ...expected]);
    assert.deepEqual(new Set(d.received.map(({ from }) => from)), new Set(['replica-0']));
    assert.deepEqual([a.received.length, d.transport.counts().connectedFrom, d.transport.counts().receivedBytes], [0, 3, (1 << 20) + 490]);
  });

  it('connects again after the other end was away, and brings what was said meanwhile', async () => {
    const [a, b] = [await open(0), await open(1)];
    introduce(a, b);
    await connected(a, 1);
    const { port } = b.transport;
    await b.transport.close();
    await eventually(() => (a.transport.counts().connectedTo === 0 ? true : undefined));
    a.transport.send('replica-1', 'commit', bytes('while away'));
    assert.equal(a.transport.counts().queuedBytes, 10);
    const again = await DirectTransport.open({
      self: 'replica-1', key: () => seeds[1] as Uint8Array, genesis, replicas: () => members, listen: { host: HOST, port }, addresses: {}, maxMessageBytes: 1 << 20, random, timing,
      receive: (from, message) => { b.received.push({ from, text: Buffer.from(message).toString() }); return null; },
      observer: { opened: () => undefined, closed: () => undefined, refused: () => undefined, dropped: () => undefined },
    });
    closing.push(async () => again.close());
    await connected(a, 1);
    a.transport.send('replica-1', 'commit', bytes('since'));
    await eventually(() => (b.received.at(-1)?.text === 'since' ? true : undefined));
    assert.ok(a.events.some((event) => event.startsWith('ended replica-1')));
  });

  it('holds a peer back whose messages are taken slowly, and loses the least important where even that is too much', async () => {
    const [a, b] = [await open(0), await open(1)];
    introduce(a, b);
    await connected(a, 1);
    const gate = new EventEmitter();
    b.hold = once(gate, 'open').then(() => undefined);
    const body = new Uint8Array(1 << 20);
    a.transport.send('replica-1', 'commit', bytes('first'));
    await eventually(() => (b.received.length === 1 ? true : undefined));
    a.transport.send('replica-1', 'commit', bytes('a vote'));
    for (let number = 0; number < 100; number += 1) {
      a.transport.send('replica-1', 'request', body);
      await new Promise((resolve) => { setImmediate(resolve); });
    }
    assert.equal(b.received.length, 1);
    assert.ok(a.transport.counts().queuedBytes <= 66 << 20);
    assert.deepEqual(new Set(a.events.filter((event) => event.startsWith('dropped'))), new Set(['dropped request']));
    b.hold = null;
    gate.emit('open');
    a.transport.send('replica-1', 'commit', bytes('last'));
    await eventually(() => (b.received.at(-1)?.text === 'last' ? true : undefined));
    assert.equal(b.received[1]?.text, 'a vote');
    assert.equal(a.transport.counts().connectedTo, 1);
  });

  it('refuses a key that the ledger does not have, whatever the certificate says, in both directions', async () => {
    const [a, impostor] = [await open(0), await open(1, { key: random(32) })];
    introduce(a, impostor);
    await eventually(() => (a.events.includes('refused unknown-peer') && a.events.includes('failed replica-1 consensus-node/wrong-peer') ? true : undefined));
    assert.deepEqual([a.transport.counts().connectedTo, a.transport.counts().connectedFrom], [0, 0]);
    // An address that belongs to another replica is not this peer either.
    const [b, c] = [await open(1), await open(2)];
    b.addresses['replica-0'] = { host: HOST, port: c.transport.port };
    b.transport.replicasChanged();
    await eventually(() => (b.events.includes('failed replica-0 consensus-node/wrong-peer') ? true : undefined));
  });

  it('shows another key once the ledger has another, and is known by it', async () => {
    const next = signingKeyFromSeed(random(32));
    const keys = { key: seeds[0] as Uint8Array };
    const [a, b] = [await open(0, { keyOf: () => keys.key }), await open(1)];
    introduce(a, b);
    await connected(a, 1);
    const later = members.map((member) => (member.id === 'replica-0' ? { ...member, publicKey: next.publicKey } : member));
    keys.key = next.secretKey;
    for (const party of [a, b]) {
      party.replicas = later;
      party.transport.replicasChanged();
    }
    await eventually(() => (openings(a) === 2 && openings(b) === 2 ? true : undefined));
    a.transport.send('replica-1', 'commit', bytes('under another key'));
    await eventually(() => (b.received.at(-1)?.text === 'under another key' ? true : undefined));
  });

  it('refuses a replica of another chain', async () => {
    const [a, other] = [await open(0), await open(1, { chainId: 'another' })];
    introduce(a, other);
    await eventually(() => (a.events.includes('refused consensus-node/bad-hello') ? true : undefined));
    assert.deepEqual([a.transport.counts().connectedTo, a.transport.counts().connectedFrom], [0, 0]);
  });

  it('ends the streams of a replica that the ledger has dropped', async () => {
    const [a, b, c] = [await open(0), await open(1), await open(2)];
    introduce(a, b, c);
    for (const party of [a, b, c]) await connected(party, 2);
    a.replicas = members.slice(0, 2);
    a.transport.replicasChanged();
    await eventually(() => (a.transport.counts().connectedFrom === 1 && a.transport.counts().connectedTo === 1 ? true : undefined));
    a.transport.send('all', 'commit', bytes('still here'));
    await eventually(() => (b.received.length === 1 ? true : undefined));
    await eventually(() => (a.events.includes('refused unknown-peer') ? true : undefined));
    assert.equal(c.received.length, 0);
  });

  describe('against a peer that does not keep to the format', () => {
    const hello = encodeFrame(FRAME.hello, encodeHello({ protocol: 1, chainId: 'direct', genesis: genesis.hash }));

    for (const [what, data] of [
      ['a message before the hello', encodeFrame(FRAME.message, bytes('early'))],
      ['a hello that is none', encodeFrame(FRAME.hello, bytes('hello'))],
      ['a hello that is too long', Buffer.concat([frameHeader(FRAME.hello, 10_000), Buffer.alloc(513)])],
      ['a hello twice', Buffer.concat([hello, hello])],
      ['a frame of an unknown kind', Buffer.concat([hello, Buffer.from([0, 0, 0, 0, 9])])],
      ['a length above the limit', Buffer.concat([hello, frameHeader(FRAME.message, 0xffff_ffff)])],
    ] as const) {
      it(`ends the stream on ${what}`, async () => {
        const a = await open(0, { maxMessageBytes: 1 << 20 });
        const socket = await genuine(a.transport.port);
        socket.write(data);
        await ended(socket);
        await eventually(() => (a.transport.counts().connectedFrom === 0 ? true : undefined));
        assert.equal(a.received.length, 0);
      });
    }

    it('takes a message of exactly the limit, in whatever pieces it comes', async () => {
      const a = await open(0, { maxMessageBytes: 4_096 });
      const socket = await genuine(a.transport.port, {});
      for (const byte of Buffer.concat([hello, encodeFrame(FRAME.message, bytes('y'.repeat(4_096))), encodeFrame(FRAME.message, bytes('z'))])) socket.write(Buffer.from([byte]));
      await eventually(() => (a.received.length === 2 ? true : undefined));
      assert.deepEqual(a.received.map(({ from, text }) => [from, text.length]), [['replica-1', 4_096], ['replica-1', 1]]);
    });

    it('does not talk without a certificate, below TLS 1.3, with another protocol, or in the clear', async () => {
      const a = await open(0);
      const { port } = a.transport;
      for (const overrides of [{ key: undefined, cert: undefined }, { minVersion: 'TLSv1.2', maxVersion: 'TLSv1.2' }, { ALPNProtocols: ['h2'] }, { ALPNProtocols: undefined }]) {
        const socket = await genuine(port, overrides);
        socket.on('secureConnect', () => socket.write(hello));
        await ended(socket);
      }
      const plain = connectPlain({ host: HOST, port });
      closing.push(async () => plain.destroy());
      plain.write(hello);
      await ended(plain);
      assert.deepEqual([a.transport.counts().connectedFrom, a.received.length], [0, 0]);
    });

    it('gives up on a peer that accepts and says nothing', async () => {
      const silent: Server = createServer();
      await new Promise<void>((resolve) => { silent.listen(0, HOST, resolve); });
      const sockets: Socket[] = [];
      silent.on('connection', (socket) => { socket.on('error', () => undefined); sockets.push(socket); });
      closing.push(async () => { for (const socket of sockets) socket.destroy(); silent.close(); });
      const events: string[] = [];
      const { port } = silent.address() as { port: number };
      const transport = await DirectTransport.open({
        self: 'replica-0', key: () => seeds[0] as Uint8Array, genesis, replicas: () => members, listen: { host: HOST, port: 0 }, addresses: { 'replica-1': { host: HOST, port } }, maxMessageBytes: 1 << 20, random,
        timing: { ...timing, handshakeMs: 20 }, receive: () => null,
        observer: { opened: () => undefined, closed: (_peer, code) => void events.push(code), refused: () => undefined, dropped: () => undefined },
      });
      closing.push(async () => transport.close());
      await eventually(() => (sockets.length >= 2 && events.includes('consensus-node/handshake-timeout') ? true : undefined));
    });
  });
});
