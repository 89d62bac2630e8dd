/** The operations of @medveil/pre, each over encoded artefacts as a service holds them: decoding and checking is part of the time. */
import { randomBytes } from 'node:crypto';
import { afgh06, encodeLabel, loadEngine } from '../../libs/pre/dist/index.js';
import { huang20, twoUsersAttack, identityScalar } from '../../libs/pre/dist/huang20/index.js';

const random = (length) => new Uint8Array(randomBytes(length));
/** The reference engine is sampled less often: it is four times slower and steadier. */
const EVERY = { mcl: 1, noble: 4 };
const BATCH = 16;

export async function medveilOps() {
  const ops = [];
  let sizes = [];
  for (const name of ['mcl', 'noble']) {
    const engine = await loadEngine(name);
    const add = (scheme) => (op, run, options = {}) => ops.push({ scheme, engine: name, op, run, every: EVERY[name], ...options });
    engineOps(engine, add('engine'));
    sizes = afghOps(engine, add('afgh06'));
    sizes.push(...huangOps(engine, add('huang20')));
  }
  return { ops, sizes };
}

function engineOps(engine, add) {
  const scalar = engine.scalars.reduceWide(random(48));
  const p = engine.g1.pow(engine.g1.generator, scalar);
  const q = engine.g2.pow(engine.g2.generator, scalar);
  const z = engine.pair(p, q);
  add('pairing', () => engine.pair(p, q));
  add('power in G1', () => engine.g1.pow(p, scalar));
  add('power in G2', () => engine.g2.pow(q, scalar));
  add('power in GT', () => engine.gt.pow(z, scalar));
  const [g1, g2, gt] = [engine.g1.encode(p), engine.g2.encode(q), engine.gt.encode(z)];
  add('decode and check G1', () => engine.g1.decode(g1));
  add('decode and check G2', () => engine.g2.decode(g2));
  add('decode and check GT', () => engine.gt.decode(gt));
}

function afghOps(engine, add) {
  const scheme = afgh06(engine);
  const owner = scheme.ownerKeyFromSeed(random(32));
  const delegatee = scheme.delegateeKeyFromSeed(random(32));
  const seed = random(32);
  const label = encodeLabel({ chainId: 'medveil-bench', record: random(32), part: 'laboratory', version: 1 });
  const { capsule } = scheme.encapsulate(owner.publicKey, label, random);
  const reKey = scheme.reKeyGen(owner, label, delegatee.publicKey);
  const transformed = scheme.reEncrypt(capsule, reKey);
  const delegation = { ownerPublicKey: owner.publicKey, delegateePublicKey: delegatee.publicKey, label };
  const statement = { ...delegation, capsule, transformed, claimId: random(32) };
  const proof = scheme.proveReEncryption({ ...statement, reKey }, random);
  const [encapsulator, reKeyMaker] = [scheme.encapsulator(owner.publicKey), scheme.reKeyMaker(owner, delegatee.publicKey)];
  const reEncryptor = scheme.reEncryptor(reKey);
  const entries = Array.from({ length: BATCH }, () => ({ ...delegation, reKey }));

  add('key generation', () => scheme.ownerKeyFromSeed(seed));
  add('encrypt', () => scheme.encapsulate(owner.publicKey, label, random));
  add('encrypt, owner prepared', () => encapsulator(label, random));
  add('decrypt, owner', () => scheme.decapsulate(owner, label, capsule));
  add('re-key', () => scheme.reKeyGen(owner, label, delegatee.publicKey));
  add('re-key, keys prepared', () => reKeyMaker(label));
  add('check re-key', () => scheme.checkReKey(owner.publicKey, label, delegatee.publicKey, reKey));
  add('check re-key, batch', () => scheme.badReKeys(entries, random), { per: BATCH });
  add('re-encrypt', () => scheme.reEncrypt(capsule, reKey));
  add('re-encrypt, key prepared', () => reEncryptor(capsule));
  add('decrypt, delegatee', () => scheme.decapsulateDelegated(delegatee, owner.publicKey, label, transformed));
  add('prove re-encryption', () => scheme.proveReEncryption({ ...statement, reKey }, random));
  add('verify re-encryption', () => scheme.verifyReEncryption({ ...statement, proof }));

  const split = scheme.splitReKey(owner, label, delegatee.publicKey, { threshold: 3, count: 5 }, random);
  const shared = { ...delegation, capsule, claimId: random(32), commitments: split.commitments };
  const contributions = split.shares.slice(0, 3).map((share) => scheme.reEncryptShare(shared, share, random));
  add('split re-key, 3 of 5', () => scheme.splitReKey(owner, label, delegatee.publicKey, { threshold: 3, count: 5 }, random));
  add('re-encrypt a share, with proof', () => scheme.reEncryptShare(shared, split.shares[0], random));
  add('check and combine 3 shares', () => scheme.combineContributions(shared, contributions));
  return Object.entries({
    'owner public key': owner.publicKey,
    'delegatee public key': delegatee.publicKey,
    capsule,
    're-encryption key': reKey,
    'transformed capsule': transformed,
    'proof of re-encryption': proof,
    're-encryption key share': split.shares[0],
    'transformed share': contributions[0].transformed,
  }).map(([artefact, bytes]) => ({ scheme: 'afgh06', artefact, bytes: bytes.length }));
}

function huangOps(engine, add) {
  const scheme = huang20(engine);
  const { parameters, masterKey } = scheme.setup(random);
  const [patient, institution, outsider] = ['patient', 'institution', 'outsider'].map((identity) => scheme.keyGen(masterKey, identity, random));
  const message = engine.gt.pow(engine.gt.generator, engine.scalars.reduceWide(random(48)));
  const ciphertext = scheme.encrypt(parameters, 'patient', message, random);
  const reKey = scheme.reKeyGen(patient, 'institution', random);
  const transformed = scheme.reEncrypt(ciphertext, reKey);
  const target = identityScalar(engine, 'patient');
  add('key generation', () => scheme.keyGen(masterKey, 'patient', random));
  add('encrypt', () => scheme.encrypt(parameters, 'patient', message, random));
  add('decrypt, owner', () => scheme.decrypt(patient, ciphertext));
  add('re-key', () => scheme.reKeyGen(patient, 'institution', random));
  add('re-encrypt', () => scheme.reEncrypt(ciphertext, reKey));
  add('decrypt, delegatee', () => scheme.decrypt(institution, transformed));
  add('attack by two users', () => twoUsersAttack(engine, institution, outsider, target, ciphertext));
  return [{ scheme: 'huang20', artefact: 'ciphertext', bytes: scheme.encode(ciphertext).length }];
}
