/** Every operation of the library over JSON values: hexadecimal for bytes. Shared by the generator of the vectors and their test. */
import { createHash } from 'node:crypto';
import { fromHex, type RandomBytes, toHex, utf8 } from '@medveil/encoding';
import { type Engine, GT_BYTES } from '../engine/engine.js';
import { type HashPurpose, hashToScalar } from '../hash.js';
import {
  type Afgh06, type DelegateeKey, decodeLabel, decryptBody, encodeLabel, encryptBody, isPreError, openBody, type OwnerKey, paddedSize, type SharedStatement,
} from '../index.js';
import { huang20, identityScalar } from '../huang20/index.js';

export type Json = string | number | boolean | null | readonly Json[] | { readonly [key: string]: Json };
export type JsonObject = { readonly [key: string]: Json };

/** One vector: an operation, its input, and its output or the code of its error. */
export interface Vector {
  readonly operation: string;
  readonly comment?: string;
  readonly input: JsonObject;
  readonly output?: Json;
  readonly error?: string;
}

export interface Machine {
  readonly engine: Engine;
  readonly scheme: Afgh06;
}

/** @returns the output, or the code of the error */
export async function perform(machine: Machine, operation: string, input: JsonObject): Promise<Pick<Vector, 'output' | 'error'>> {
  const run = OPERATIONS[operation];
  if (run === undefined) throw new Error(`no such operation: ${operation}`);
  try {
    return { output: await run(machine, new Input(input)) };
  } catch (error) {
    if (isPreError(error)) return { error: error.code };
    throw error;
  }
}

/** The fields of an input by type. */
class Input {
  constructor(private readonly fields: JsonObject) {}

  text(name: string): string {
    const value = this.fields[name];
    if (typeof value !== 'string') throw new Error(`${name} must be a string`);
    return value;
  }

  number(name: string): number {
    const value = this.fields[name];
    if (typeof value !== 'number') throw new Error(`${name} must be a number`);
    return value;
  }

  bytes(name: string): Uint8Array {
    return fromHex(this.text(name));
  }

  list(name: string): readonly Json[] {
    const value = this.fields[name];
    if (!Array.isArray(value)) throw new Error(`${name} must be a list`);
    return value as readonly Json[];
  }

  bytesList(name: string): Uint8Array[] {
    return this.list(name).map((item) => fromHex(item as string));
  }

  /** `random`: what each draw returns, in order. */
  random(): RandomBytes {
    const draws = this.bytesList('random');
    return (length) => {
      const next = draws.shift();
      if (next?.length !== length) throw new Error(`a draw of ${length} bytes is not in the vector`);
      return next;
    };
  }
}

const ownerKey = (input: Input): OwnerKey => ({ role: 'owner', secret: input.bytes('ownerSecretKey'), publicKey: input.bytes('ownerPublicKey') });
const delegateeKey = (input: Input): DelegateeKey => ({
  role: 'delegatee',
  secret: input.bytes('delegateeSecretKey'),
  publicKey: input.bytes('delegateePublicKey'),
});
const statement = (input: Input) => ({
  capsule: input.bytes('capsule'),
  transformed: input.bytes('transformed'),
  ownerPublicKey: input.bytes('ownerPublicKey'),
  delegateePublicKey: input.bytes('delegateePublicKey'),
  label: input.bytes('label'),
  claimId: input.bytes('claimId'),
});
const sharedStatement = (input: Input): SharedStatement => ({
  capsule: input.bytes('capsule'),
  ownerPublicKey: input.bytes('ownerPublicKey'),
  delegateePublicKey: input.bytes('delegateePublicKey'),
  label: input.bytes('label'),
  commitments: input.bytes('commitments'),
  claimId: input.bytes('claimId'),
});
const bodyContext = (input: Input) => ({ record: input.bytes('record'), part: input.text('part'), version: input.number('version') });

type Run = (machine: Machine, input: Input) => Json | Promise<Json>;

const OPERATIONS: Readonly<Record<string, Run>> = {
  'decode-scalar': ({ engine }, input) => toHex(engine.scalars.encode(engine.scalars.decode(input.bytes('bytes')))),
  'decode-g1': ({ engine }, input) => toHex(engine.g1.encode(engine.g1.decode(input.bytes('bytes')))),
  'decode-g2': ({ engine }, input) => toHex(engine.g2.encode(engine.g2.decode(input.bytes('bytes')))),
  'decode-gt': ({ engine }, input) => toHex(engine.gt.encode(engine.gt.decode(input.bytes('bytes')))),
  pair: ({ engine }, input) => toHex(engine.gt.encode(engine.pair(engine.g1.decode(input.bytes('g1')), engine.g2.decode(input.bytes('g2'))))),
  'hash-to-scalar': ({ engine }, input) =>
    toHex(engine.scalars.encode(hashToScalar(engine, input.text('purpose') as HashPurpose, input.bytesList('inputs')))),

  'owner-key': ({ scheme }, input) => keyJson(scheme.ownerKeyFromSeed(input.bytes('seed'))),
  'delegatee-key': ({ scheme }, input) => keyJson(scheme.delegateeKeyFromSeed(input.bytes('seed'))),
  'prove-owner-key': ({ scheme }, input) => toHex(scheme.proveOwnerKey(ownerKey(input), input.bytes('context'), input.random())),
  'verify-owner-key': ({ scheme }, input) => scheme.verifyOwnerKey(input.bytes('publicKey'), input.bytes('proof'), input.bytes('context')),
  'prove-delegatee-key': ({ scheme }, input) => toHex(scheme.proveDelegateeKey(delegateeKey(input), input.bytes('context'), input.random())),
  'verify-delegatee-key': ({ scheme }, input) => scheme.verifyDelegateeKey(input.bytes('publicKey'), input.bytes('proof'), input.bytes('context')),
  'refuse-related-keys': ({ scheme }, input) => {
    scheme.refuseRelatedKeys(input.bytes('ownerPublicKey'), input.bytes('delegateePublicKey'));
    return true;
  },

  'encode-label': (_, input) =>
    toHex(encodeLabel({ chainId: input.text('chainId'), record: input.bytes('record'), part: input.text('part'), version: input.number('version') })),
  'decode-label': (_, input) => {
    const { chainId, record, part, version } = decodeLabel(input.bytes('label'));
    return { chainId, record: toHex(record), part, version };
  },
  encapsulate: ({ scheme }, input) => {
    const { seed, capsule } = scheme.encapsulate(input.bytes('ownerPublicKey'), input.bytes('label'), input.random());
    return { seed: toHex(seed), capsule: toHex(capsule) };
  },
  decapsulate: ({ scheme }, input) => toHex(scheme.decapsulate(ownerKey(input), input.bytes('label'), input.bytes('capsule'))),
  rewrap: ({ scheme }, input) => toHex(scheme.rewrap(ownerKey(input), input.bytes('from'), input.bytes('to'), input.bytes('capsule'))),
  're-key-gen': ({ scheme }, input) => toHex(scheme.reKeyGen(ownerKey(input), input.bytes('label'), input.bytes('delegateePublicKey'))),
  'check-re-key': ({ scheme }, input) =>
    scheme.checkReKey(input.bytes('ownerPublicKey'), input.bytes('label'), input.bytes('delegateePublicKey'), input.bytes('reKey')),
  're-encrypt': ({ scheme }, input) => toHex(scheme.reEncrypt(input.bytes('capsule'), input.bytes('reKey'))),
  'decapsulate-delegated': ({ scheme }, input) =>
    toHex(scheme.decapsulateDelegated(delegateeKey(input), input.bytes('ownerPublicKey'), input.bytes('label'), input.bytes('transformed'))),
  'prove-re-encryption': ({ scheme }, input) =>
    toHex(scheme.proveReEncryption({ ...statement(input), reKey: input.bytes('reKey') }, input.random())),
  'verify-re-encryption': ({ scheme }, input) => scheme.verifyReEncryption({ ...statement(input), proof: input.bytes('proof') }),

  'disclose-capsule-key': ({ scheme }, input) => toHex(scheme.discloseCapsuleKey(delegateeKey(input), statement(input), input.random())),
  'verify-disclosure': ({ scheme }, input) => scheme.verifyDisclosure({ ...statement(input), disclosure: input.bytes('disclosure') }),
  'decapsulate-disclosed': ({ scheme }, input) => toHex(scheme.decapsulateDisclosed({ ...statement(input), disclosure: input.bytes('disclosure') })),

  'split-re-key': ({ scheme }, input) => {
    const sharing = { threshold: input.number('threshold'), count: input.number('count') };
    const split = scheme.splitReKey(ownerKey(input), input.bytes('label'), input.bytes('delegateePublicKey'), sharing, input.random());
    return { commitments: toHex(split.commitments), shares: split.shares.map(toHex) };
  },
  'check-re-key-share': ({ scheme }, input) =>
    scheme.checkReKeyShare(
      input.bytes('ownerPublicKey'), input.bytes('label'), input.bytes('delegateePublicKey'), input.bytes('commitments'), input.bytes('share'),
    ),
  're-encrypt-share': ({ scheme }, input) => {
    const { transformed, proof } = scheme.reEncryptShare(sharedStatement(input), input.bytes('share'), input.random());
    return { transformed: toHex(transformed), proof: toHex(proof) };
  },
  'verify-contribution': ({ scheme }, input) =>
    scheme.verifyContribution(sharedStatement(input), { transformed: input.bytes('transformed'), proof: input.bytes('proof') }),
  'combine-contributions': ({ scheme }, input) => {
    const contributions = input.list('contributions').map((item) => {
      const { transformed, proof } = item as { transformed: string; proof: string };
      return { transformed: fromHex(transformed), proof: fromHex(proof) };
    });
    const { transformed, bad } = scheme.combineContributions(sharedStatement(input), contributions);
    return { transformed: toHex(transformed), bad };
  },

  'padded-size': (_, input) => paddedSize(input.number('size')),
  'encrypt-body': async (_, input) => {
    const plaintext = once(plaintextOf(input.number('size')));
    return describeBytes(await gathered(encryptBody(input.bytes('seed'), bodyContext(input), plaintext, input.random())));
  },
  'decrypt-body': async (_, input) => describeBytes(await gathered(decryptBody(input.bytes('seed'), bodyContext(input), once(input.bytes('body'))))),
  'read-range': async (_, input) => {
    const body = input.bytes('body');
    const reader = { size: body.length, read: async (offset: number, length: number) => body.subarray(offset, offset + length) };
    const open = await openBody(input.bytes('seed'), bodyContext(input), reader);
    return describeBytes(await gathered(open.read(input.number('start'), input.number('end'))));
  },

  huang20: ({ engine }, input) => {
    const scheme = huang20(engine);
    const random = input.random();
    const { parameters, masterKey } = scheme.setup(random);
    const patient = scheme.keyGen(masterKey, input.text('delegator'), random);
    const message = engine.gt.decode(input.bytes('message'));
    const ciphertext = scheme.encrypt(parameters, input.text('delegator'), message, random);
    const transformed = scheme.reEncrypt(ciphertext, scheme.reKeyGen(patient, input.text('delegatee'), random));
    const institution = scheme.keyGen(masterKey, input.text('delegatee'), random);
    return {
      identity: toHex(engine.scalars.encode(identityScalar(engine, input.text('delegator')))),
      ciphertext: toHex(scheme.encode(ciphertext)),
      transformedC4: toHex(scheme.encode(transformed).subarray(-GT_BYTES)),
      decrypted: toHex(engine.gt.encode(scheme.decrypt(institution, transformed))),
    };
  },
};

export const OPERATION_NAMES: readonly string[] = Object.keys(OPERATIONS);

const keyJson = ({ secret, publicKey }: OwnerKey | DelegateeKey): Json => ({ secret: toHex(secret), publicKey: toHex(publicKey) });

/** The plaintext of the body vectors: byte i is 31·i + (i div 256), modulo 256. */
const plaintextOf = (size: number): Uint8Array => Uint8Array.from({ length: size }, (_, index) => (31 * index + (index >> 8)) & 0xff);

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}

async function gathered(stream: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const pieces: Uint8Array[] = [];
  for await (const piece of stream) pieces.push(piece);
  return new Uint8Array(Buffer.concat(pieces));
}

/** In full where short, else by size and SHA-256. */
function describeBytes(bytes: Uint8Array): Json {
  if (bytes.length <= 8192) return toHex(bytes);
  return { size: bytes.length, sha256: createHash('sha256').update(bytes).digest('hex') };
}

export const asciiHex = (text: string): string => toHex(utf8(text));
