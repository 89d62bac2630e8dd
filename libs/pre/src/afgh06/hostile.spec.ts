import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import fc from 'fast-check';
import { KIND } from '../artefacts.js';
import { isPreError } from '../errors.js';
import { type Hostile, hostileG1, hostileG2, hostileGt, hostileScalars } from '../testing/hostile.js';
import { makeParties, type Parties, statementOf } from '../testing/parties.js';
import { bothEngines } from '../testing/random.js';
import { refuses } from '../testing/refuses.js';

let parties: readonly Parties[];
before(async () => {
  parties = (await bothEngines()).map((engine) => makeParties(engine, 'hostile'));
});

/** One artefact: where a field starts, and what to put there. */
interface Target {
  readonly name: string;
  readonly valid: (p: Parties) => Uint8Array;
  readonly fields: readonly { readonly at: number; readonly size: number; readonly cases: () => Hostile[] }[];
  /** Throws, or answers false. */
  readonly use: (p: Parties, bytes: Uint8Array) => unknown;
}

const targets: readonly Target[] = [
  {
    name: 'owner public key',
    valid: (p) => p.owner.publicKey,
    fields: [{ at: 1, size: 48, cases: hostileG1 }],
    use: (p, bytes) => p.scheme.encapsulate(bytes, p.label, p.random),
  },
  {
    name: 'delegatee public key',
    valid: (p) => p.delegatee.publicKey,
    fields: [{ at: 1, size: 96, cases: hostileG2 }],
    use: (p, bytes) => p.scheme.reKeyGen(p.owner, p.label, bytes),
  },
  {
    name: 'capsule, re-encrypted',
    valid: (p) => p.capsule,
    fields: [{ at: 1, size: 48, cases: hostileG1 }],
    use: (p, bytes) => p.scheme.reEncrypt(bytes, p.reKey),
  },
  {
    name: 'capsule, opened',
    valid: (p) => p.capsule,
    fields: [{ at: 1, size: 48, cases: hostileG1 }],
    use: (p, bytes) => p.scheme.decapsulate(p.owner, p.label, bytes),
  },
  {
    name: 're-encryption key',
    valid: (p) => p.reKey,
    fields: [{ at: 1, size: 96, cases: hostileG2 }],
    use: (p, bytes) => p.scheme.reEncryptor(bytes),
  },
  {
    name: 're-encryption key, checked',
    valid: (p) => p.reKey,
    fields: [{ at: 1, size: 96, cases: hostileG2 }],
    use: (p, bytes) => p.scheme.checkReKey(p.owner.publicKey, p.label, p.delegatee.publicKey, bytes),
  },
  {
    name: 'transformed capsule',
    valid: (p) => p.transformed,
    fields: [{ at: 1, size: 576, cases: hostileGt }],
    use: (p, bytes) => p.scheme.decapsulateDelegated(p.delegatee, p.owner.publicKey, p.label, bytes),
  },
  {
    name: 'proof of re-encryption',
    valid: (p) => p.proof,
    fields: [{ at: 1, size: 32, cases: hostileScalars }, { at: 33, size: 96, cases: hostileG2 }],
    use: (p, bytes) => p.scheme.verifyReEncryption({ ...statementOf(p), proof: bytes }),
  },
  {
    name: 'disclosed key',
    valid: (p) => p.scheme.discloseCapsuleKey(p.delegatee, statementOf(p), p.random),
    fields: [{ at: 1, size: 576, cases: hostileGt }, { at: 577, size: 32, cases: hostileScalars }, { at: 609, size: 32, cases: hostileScalars }],
    use: (p, bytes) => p.scheme.decapsulateDisclosed({ ...statementOf(p), disclosure: bytes }),
  },
  {
    name: 'owner secret key',
    valid: (p) => p.owner.secret,
    fields: [{ at: 1, size: 32, cases: hostileScalars }],
    use: (p, bytes) => p.scheme.decapsulate({ ...p.owner, secret: bytes }, p.label, p.capsule),
  },
  {
    name: 'delegatee secret key',
    valid: (p) => p.delegatee.secret,
    fields: [{ at: 1, size: 32, cases: hostileScalars }],
    use: (p, bytes) => p.scheme.decapsulateDelegated({ ...p.delegatee, secret: bytes }, p.owner.publicKey, p.label, p.transformed),
  },
  {
    name: 'owner key proof',
    valid: (p) => p.scheme.proveOwnerKey(p.owner, p.claimId, p.random),
    fields: [{ at: 1, size: 32, cases: hostileScalars }, { at: 33, size: 32, cases: hostileScalars }],
    use: (p, bytes) => p.scheme.verifyOwnerKey(p.owner.publicKey, bytes, p.claimId),
  },
  {
    name: 'delegatee key proof',
    valid: (p) => p.scheme.proveDelegateeKey(p.delegatee, p.claimId, p.random),
    fields: [{ at: 1, size: 32, cases: hostileScalars }, { at: 33, size: 32, cases: hostileScalars }],
    use: (p, bytes) => p.scheme.verifyDelegateeKey(p.delegatee.publicKey, bytes, p.claimId),
  },
];

describe('hostile artefacts', () => {
  for (const target of targets) {
    it(`are refused as ${target.name}, by both engines`, () => {
      for (const p of parties) {
        const valid = target.valid(p);
        const cases = [...wrongFrames(valid), ...target.fields.flatMap(({ at, size, cases: make }) =>
          make().map(({ what, bytes }) => ({ what, bytes: Uint8Array.of(...valid.subarray(0, at), ...bytes, ...valid.subarray(at + size)) })))];
        assert.ok(cases.length >= 20);
        for (const { what, bytes } of cases) refused(target, p, bytes, what);
      }
    });

    it(`never surprise the decoder of a ${target.name}`, () => {
      const [p] = parties;
      assert.ok(p);
      const valid = target.valid(p);
      const edits = fc.array(fc.tuple(fc.nat(valid.length - 1), fc.integer({ min: 1, max: 255 })), { minLength: 1, maxLength: 4 });
      const altered = edits.map((list) => {
        const bytes = Uint8Array.from(valid);
        for (const [index, change] of list) bytes[index] = (valid[index] as number) ^ change;
        return bytes;
      });
      fc.assert(fc.property(fc.oneof(altered, fc.uint8Array({ maxLength: 700 })), (bytes) => tolerated(target, p, bytes)), { numRuns: 25 });
    });
  }
});

function wrongFrames(valid: Uint8Array): Hostile[] {
  const kinds = Object.values(KIND).filter((kind) => kind !== valid[0]);
  return [
    ...kinds.map((kind) => ({ what: `kind ${kind}`, bytes: valid.with(0, kind) })),
    ...[0, 1, 0x21, 0xff].map((version) => ({ what: `version ${version}`, bytes: valid.with(0, version) })),
    { what: 'without its kind', bytes: valid.subarray(1) },
    { what: 'with a byte more', bytes: Uint8Array.of(...valid, 0) },
    { what: 'text', bytes: 'not bytes' as unknown as Uint8Array },
  ];
}

/** A verification's false counts as a refusal. */
function refused(target: Target, p: Parties, bytes: Uint8Array, what: string): void {
  let answer: unknown;
  try {
    answer = target.use(p, bytes);
  } catch (error) {
    assert.ok(isPreError(error), what);
    return;
  }
  assert.equal(answer, false, what);
}

/** Altered bytes may be valid by chance (a re-encryption key is any point), but nothing else than a PreError is thrown. */
function tolerated(target: Target, p: Parties, bytes: Uint8Array): void {
  try {
    target.use(p, bytes);
  } catch {
    refuses(() => target.use(p, bytes));
  }
}
