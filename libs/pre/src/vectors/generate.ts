/** Makes the contents of vectors/*.json with the reference engine from fixed seeds; scripts/generate-vectors.mjs writes them. */
import { createHash } from 'node:crypto';
import { toHex } from '@medveil/encoding';
import { frame } from '../artefacts.js';
import { afgh06, loadEngine } from '../index.js';
import { hostileG1, hostileG2, hostileGt, hostileScalars } from '../testing/hostile.js';
import { asciiHex, type Json, type JsonObject, type Machine, perform, type Vector } from './operations.js';

export interface VectorFile {
  readonly name: string;
  readonly description: string;
  readonly vectors: readonly Vector[];
}

/** A draw of `length` bytes named by its use. */
const drawn = (name: string, length = 32): string => createHash('shake256', { outputLength: length }).update(`medveil/pre/vectors/1/${name}`).digest('hex');

/** Collects vectors of one file while it computes them. */
class Book {
  readonly vectors: Vector[] = [];
  constructor(private readonly machine: Machine) {}

  async add<T extends Json>(operation: string, input: JsonObject, comment?: string): Promise<T> {
    const result = await perform(this.machine, operation, input);
    this.vectors.push({ operation, ...(comment === undefined ? {} : { comment }), input, ...result });
    return result.output as T;
  }

  /** A vector that must end in an error or in false. */
  async refused(operation: string, input: JsonObject, comment: string): Promise<void> {
    const output = await this.add<Json>(operation, input, comment);
    if (output !== undefined && output !== false) throw new Error(`accepted: ${operation}, ${comment}`);
  }
}

interface KeyJson extends JsonObject {
  readonly secret: string;
  readonly publicKey: string;
}

const flip = (hex: string, at: number): string => {
  const bytes = Buffer.from(hex, 'hex');
  bytes[at < 0 ? bytes.length + at : at]! ^= 1;
  return bytes.toString('hex');
};

/** Every vector file, in the order of docs/pre.md. */
export async function makeVectors(): Promise<readonly VectorFile[]> {
  const engine = await loadEngine('noble');
  const machine = { engine, scheme: afgh06(engine) };
  const book = (): Book => new Book(machine);
  const parties = await makeParties(book());
  return [
    { name: 'encodings', description: 'Encodings of scalars, G1, G2 and GT, valid and refused; the pairing; hash to scalar.', vectors: await encodings(book()) },
    { name: 'keys', description: 'Key derivation, proofs of possession, related keys.', vectors: await keys(book(), parties) },
    { name: 'afgh06', description: 'Labels, encapsulation, re-encryption, its proof, rotation.', vectors: await afgh(book(), parties) },
    { name: 'disclosure', description: 'The key of a re-encrypted capsule, disclosed for a dispute, with its proof.', vectors: await disclosure(book(), parties) },
    { name: 'threshold', description: 'A re-encryption key split 3 of 5.', vectors: await threshold(book(), parties) },
    { name: 'envelope', description: 'Bodies: size classes, encryption, decryption, ranges. Plaintext byte i is 31·i + (i div 256) modulo 256.', vectors: await envelope(book()) },
    { name: 'huang20', description: 'The mended scheme of the paper. Draws: a, b, c; t, x, y, z of the delegator; r, s; u; t, x, y, z of the delegatee.', vectors: await huang(book()) },
  ];
}

async function encodings(book: Book): Promise<readonly Vector[]> {
  const { g1, g2, gt } = (await loadEngine('noble'));
  const generators = { g1: toHex(g1.encode(g1.generator)), g2: toHex(g2.encode(g2.generator)) };
  await book.add('decode-g1', { bytes: generators.g1 }, 'the generator g');
  await book.add('decode-g2', { bytes: generators.g2 }, 'the generator h');
  await book.add('decode-gt', { bytes: toHex(gt.encode(gt.generator)) }, 'Z = e(g, h)');
  await book.add('decode-scalar', { bytes: '1'.padStart(64, '0') });
  await book.add('pair', generators, 'e(g, h)');
  for (const purpose of ['LABEL', 'MASK', 'CAPSULE', 'NONCE', 'SHARING']) await book.add('hash-to-scalar', { purpose, inputs: [asciiHex('abc'), ''] });
  const cases = { 'decode-scalar': hostileScalars(), 'decode-g1': hostileG1(), 'decode-g2': hostileG2(), 'decode-gt': hostileGt() };
  for (const [operation, list] of Object.entries(cases)) {
    for (const { what, bytes } of list) await book.refused(operation, { bytes: toHex(bytes) }, what);
  }
  return book.vectors;
}

interface PartiesJson extends JsonObject {
  readonly owner: KeyJson;
  readonly delegatee: KeyJson;
  readonly stranger: KeyJson;
  readonly label: string;
  readonly otherLabel: string;
}

async function makeParties(book: Book): Promise<PartiesJson> {
  const label = (version: number): Promise<string> =>
    book.add<string>('encode-label', { chainId: 'medveil-vectors', record: drawn('record'), part: 'laboratory', version });
  return {
    owner: await book.add<KeyJson>('owner-key', { seed: drawn('owner') }),
    delegatee: await book.add<KeyJson>('delegatee-key', { seed: drawn('delegatee') }),
    stranger: await book.add<KeyJson>('delegatee-key', { seed: drawn('stranger') }),
    label: await label(1),
    otherLabel: await label(2),
  };
}

const ownerFields = ({ owner }: PartiesJson) => ({ ownerSecretKey: owner.secret, ownerPublicKey: owner.publicKey });
const delegateeFields = ({ delegatee }: PartiesJson) => ({ delegateeSecretKey: delegatee.secret, delegateePublicKey: delegatee.publicKey });

async function keys(book: Book, parties: PartiesJson): Promise<readonly Vector[]> {
  await book.add('owner-key', { seed: drawn('owner') });
  await book.add('delegatee-key', { seed: drawn('delegatee') });
  await book.add('owner-key', { seed: drawn('delegatee') }, 'one seed gives unrelated owner and delegatee keys');
  await book.refused('owner-key', { seed: drawn('owner', 31) }, 'a seed of 31 bytes');
  const context = asciiHex('enrolment');
  for (const role of ['owner', 'delegatee'] as const) {
    const fields = role === 'owner' ? ownerFields(parties) : delegateeFields(parties);
    const proof = await book.add<string>(`prove-${role}-key`, { ...fields, context, random: [drawn(`${role} proof`)] });
    const { publicKey } = parties[role];
    await book.add(`verify-${role}-key`, { publicKey, proof, context });
    await book.refused(`verify-${role}-key`, { publicKey, proof, context: asciiHex('another') }, 'another context');
    await book.refused(`verify-${role}-key`, { publicKey, proof: flip(proof, -1), context }, 'an altered response');
    await book.refused(`verify-${role}-key`, { publicKey, proof: flip(proof, 5), context }, 'an altered challenge');
    await book.refused(`verify-${role}-key`, { publicKey: flip(publicKey, -1), proof, context }, 'an altered key');
  }
  await book.add('refuse-related-keys', { ownerPublicKey: parties.owner.publicKey, delegateePublicKey: parties.delegatee.publicKey });
  const { g2, scalars } = await loadEngine('noble');
  const twin = frame('delegateePublicKey', g2.encode(g2.pow(g2.generator, scalars.decode(Buffer.from(parties.owner.secret, 'hex').subarray(1)))));
  await book.refused('refuse-related-keys', { ownerPublicKey: parties.owner.publicKey, delegateePublicKey: toHex(twin) }, 'h^a');
  return book.vectors;
}

async function afgh(book: Book, parties: PartiesJson): Promise<readonly Vector[]> {
  const { label, otherLabel, owner, delegatee, stranger } = parties;
  const fields = { chainId: 'medveil-vectors', record: drawn('record'), part: 'laboratory', version: 1 };
  await book.add('encode-label', fields);
  await book.add('decode-label', { label });
  for (const change of [{ chainId: '' }, { record: drawn('record', 31) }, { part: 'Laboratory' }, { version: 0 }]) {
    await book.refused('encode-label', { ...fields, ...change }, `a bad ${Object.keys(change).join()}`);
  }
  await book.refused('decode-label', { label: `${label}00` }, 'a byte more');
  const { capsule } = await book.add<{ seed: string; capsule: string }>('encapsulate', { ownerPublicKey: owner.publicKey, label, random: [drawn('seed')] });
  await book.add('decapsulate', { ...ownerFields(parties), label, capsule });
  await book.refused('decapsulate', { ...ownerFields(parties), label: otherLabel, capsule }, 'another label');
  await book.refused('decapsulate', { ...ownerFields(parties), label, capsule: flip(capsule, -1) }, 'an altered mask');
  await book.refused('decapsulate', { ...ownerFields(parties), label, capsule: flip(capsule, 0) }, 'another kind');
  await book.add('rewrap', { ...ownerFields(parties), from: label, to: otherLabel, capsule });
  await book.refused('rewrap', { ...ownerFields(parties), from: label, to: label, capsule }, 'to the same label');
  const delegation = { ownerPublicKey: owner.publicKey, label, delegateePublicKey: delegatee.publicKey };
  const reKey = await book.add<string>('re-key-gen', { ...ownerFields(parties), label, delegateePublicKey: delegatee.publicKey });
  await book.add('check-re-key', { ...delegation, reKey });
  await book.refused('check-re-key', { ...delegation, label: otherLabel, reKey }, 'another label');
  await book.refused('check-re-key', { ...delegation, delegateePublicKey: stranger.publicKey, reKey }, 'another delegatee');
  await book.refused('re-key-gen', { ...ownerFields(parties), label, delegateePublicKey: reKey }, 'a key of another kind');
  const transformed = await book.add<string>('re-encrypt', { capsule, reKey });
  await book.add('decapsulate-delegated', { ...delegateeFields(parties), ownerPublicKey: owner.publicKey, label, transformed });
  const open = { ...delegateeFields(parties), ownerPublicKey: owner.publicKey, label };
  await book.refused('decapsulate-delegated', { ...open, transformed: flip(transformed, -1) }, 'an altered mask');
  await book.refused('decapsulate-delegated', { ...open, transformed: flip(transformed, 40) }, 'outside the group');
  await book.refused('decapsulate-delegated', { ...open, label: otherLabel, transformed }, 'another label');
  await book.refused('decapsulate-delegated', { ...open, delegateeSecretKey: stranger.secret, transformed }, 'another delegatee');
  const statement = { capsule, transformed, ...delegation, claimId: drawn('claim') };
  const proof = await book.add<string>('prove-re-encryption', { ...statement, reKey, random: [drawn('proof')] });
  await book.add('verify-re-encryption', { ...statement, proof });
  await book.refused('verify-re-encryption', { ...statement, claimId: drawn('another claim'), proof }, 'another claim');
  await book.refused('verify-re-encryption', { ...statement, label: otherLabel, proof }, 'another label');
  await book.refused('verify-re-encryption', { ...statement, proof: flip(proof, 20) }, 'an altered challenge');
  await book.refused('verify-re-encryption', { ...statement, proof: flip(proof, -1) }, 'an altered response');
  return book.vectors;
}

async function disclosure(book: Book, parties: PartiesJson): Promise<readonly Vector[]> {
  const { label, otherLabel, owner, delegatee, stranger } = parties;
  const { capsule } = await book.add<{ seed: string; capsule: string }>('encapsulate', { ownerPublicKey: owner.publicKey, label, random: [drawn('disputed seed')] });
  const reKey = await book.add<string>('re-key-gen', { ...ownerFields(parties), label, delegateePublicKey: delegatee.publicKey });
  const transformed = await book.add<string>('re-encrypt', { capsule, reKey });
  const statement = { capsule, transformed, ownerPublicKey: owner.publicKey, delegateePublicKey: delegatee.publicKey, label, claimId: drawn('disputed claim') };
  const random = [drawn('disclosure')];
  const disclosed = await book.add<string>('disclose-capsule-key', { ...statement, ...delegateeFields(parties), random });
  await book.refused('disclose-capsule-key', { ...statement, delegateeSecretKey: stranger.secret, delegateePublicKey: stranger.publicKey, capsule: flip(capsule, -1), random }, 'of another capsule');
  await book.add('verify-disclosure', { ...statement, disclosure: disclosed });
  await book.add('decapsulate-disclosed', { ...statement, disclosure: disclosed });
  const changes: readonly (readonly [string, JsonObject])[] = [
    ['another claim', { claimId: drawn('another disputed claim') }],
    ['another label', { label: otherLabel }],
    ['another delegatee', { delegateePublicKey: stranger.publicKey }],
    ['an altered challenge', { disclosure: flip(disclosed, 590) }],
    ['an altered response', { disclosure: flip(disclosed, -1) }],
    ['an altered key', { disclosure: flip(disclosed, 40) }],
    ['masks that differ', { capsule: flip(capsule, -1) }],
  ];
  for (const [comment, change] of changes) {
    await book.refused('verify-disclosure', { ...statement, disclosure: disclosed, ...change }, comment);
    await book.refused('decapsulate-disclosed', { ...statement, disclosure: disclosed, ...change }, comment);
  }
  const bent = { ...statement, capsule: flip(capsule, -1), transformed: flip(transformed, -1) };
  const honest = await book.add<string>('disclose-capsule-key', { ...bent, ...delegateeFields(parties), random }, 'of a capsule that the owner made wrongly');
  await book.add('verify-disclosure', { ...bent, disclosure: honest });
  await book.refused('decapsulate-disclosed', { ...bent, disclosure: honest }, 'the owner’s fault: another code');
  return book.vectors;
}

async function threshold(book: Book, parties: PartiesJson): Promise<readonly Vector[]> {
  const { label, owner, delegatee } = parties;
  const { capsule } = await book.add<{ capsule: string; seed: string }>('encapsulate', { ownerPublicKey: owner.publicKey, label, random: [drawn('shared seed')] });
  const delegation = { ownerPublicKey: owner.publicKey, label, delegateePublicKey: delegatee.publicKey };
  const splitting = { ...ownerFields(parties), label, delegateePublicKey: delegatee.publicKey, random: [drawn('f1'), drawn('f2')] };
  const { commitments, shares } = await book.add<{ commitments: string; shares: string[] }>('split-re-key', { ...splitting, threshold: 3, count: 5 });
  await book.refused('split-re-key', { ...splitting, threshold: 1, count: 5 }, 't = 1');
  await book.refused('split-re-key', { ...splitting, threshold: 6, count: 5 }, 't > n');
  const statement = { capsule, ...delegation, commitments, claimId: drawn('shared claim') };
  const contributions: { transformed: string; proof: string }[] = [];
  for (const [index, share] of shares.entries()) {
    await book.add('check-re-key-share', { ...delegation, commitments, share });
    contributions.push(await book.add('re-encrypt-share', { ...statement, share, random: [drawn(`share ${index}`)] }));
  }
  const [first, second] = contributions as [{ transformed: string; proof: string }, { transformed: string; proof: string }];
  await book.add('verify-contribution', { ...statement, ...first });
  await book.refused('verify-contribution', { ...statement, transformed: first.transformed, proof: second.proof }, 'another share’s proof');
  await book.refused('check-re-key-share', { ...delegation, commitments, share: flip(shares[0] as string, 1) }, 'share number 0');
  await book.add('combine-contributions', { ...statement, contributions: contributions.slice(0, 3) });
  await book.add('combine-contributions', { ...statement, contributions: [{ ...first, proof: second.proof }, ...contributions.slice(2)] }, 'one bad, named');
  await book.refused('combine-contributions', { ...statement, contributions: contributions.slice(0, 2) }, 'too few');
  return book.vectors;
}

async function envelope(book: Book): Promise<readonly Vector[]> {
  for (const size of [0, 1, 4096, 4097, 65_536, 65_537, 2 ** 20, 2 ** 20 + 1, 10_000_000, 2 ** 31, 2 ** 40]) await book.add('padded-size', { size });
  await book.refused('padded-size', { size: 2 ** 40 + 1 }, 'too large');
  const context = { record: drawn('record'), part: 'laboratory', version: 1 };
  const seed = drawn('body seed');
  for (const size of [4097, 65_536, 200_000]) await book.add('encrypt-body', { seed, ...context, size, random: [drawn(`salt ${size}`)] });
  const body = await book.add<string>('encrypt-body', { seed, ...context, size: 300, random: [drawn('salt')] });
  await book.add('decrypt-body', { seed, ...context, body });
  await book.add('read-range', { seed, ...context, body, start: 100, end: 120 });
  await book.refused('read-range', { seed, ...context, body, start: 100, end: 301 }, 'beyond the end');
  for (const [comment, at] of [['version', 0], ['salt', 9], ['first byte', 33], ['tag', -1]] as const) {
    await book.refused('decrypt-body', { seed, ...context, body: flip(body, at) }, `altered ${comment}`);
  }
  await book.refused('decrypt-body', { seed, ...context, body: body.slice(0, -2) }, 'truncated');
  await book.refused('decrypt-body', { seed, ...context, body: `${body}00` }, 'extended');
  await book.refused('decrypt-body', { seed, ...context, version: 2, body }, 'another version');
  await book.refused('decrypt-body', { seed, ...context, part: 'conditions', body }, 'another part');
  await book.refused('decrypt-body', { seed, ...context, record: drawn('another record'), body }, 'another record');
  await book.refused('decrypt-body', { seed: drawn('another seed'), ...context, body }, 'another seed');
  return book.vectors;
}

async function huang(book: Book): Promise<readonly Vector[]> {
  const { gt, scalars } = await loadEngine('noble');
  const message = toHex(gt.encode(gt.pow(gt.generator, scalars.fromInt(424_242))));
  const random = Array.from({ length: 14 }, (_, index) => drawn(`huang20 ${index}`, 48));
  await book.add('huang20', { delegator: 'patient', delegatee: 'institution', message, random });
  return book.vectors;
}

/** The file's text: one vector a line. */
export const serialize = ({ description, vectors }: VectorFile): string =>
  `{\n"description": ${JSON.stringify(description)},\n"vectors": [\n${vectors.map((vector) => JSON.stringify(vector)).join(',\n')}\n]\n}\n`;
