import type { DelegateeKey, OwnerKey, Afgh06 } from './api.js';
import type { Engine } from '../engine/engine.js';
import { decapsulate, decapsulateDelegated, encapsulate, encapsulator, rewrap } from './capsule.js';
import { decapsulateDisclosed, discloseCapsuleKey, verifyDisclosure } from './disclosure.js';
import * as keys from './keys.js';
import { badReKeys, checkReKey, reEncrypt, reEncryptor, reKeyMaker } from './re-encryption.js';
import { makeSuite } from './suite.js';
import * as threshold from './threshold.js';
import { proveReEncryption, verifyReEncryption } from './work-proof.js';

/** The scheme on an engine. Make it once: it keeps the tables of the fixed bases. */
export function afgh06(engine: Engine): Afgh06 {
  const suite = makeSuite(engine);
  return {
    ownerKeyFromSeed: (seed) => keys.ownerKeyFromSeed(suite, seed),
    delegateeKeyFromSeed: (seed) => keys.delegateeKeyFromSeed(suite, seed),
    eraseKey: (key: OwnerKey | DelegateeKey) => void key.secret.fill(0),
    proveOwnerKey: (key, context, random) => keys.proveOwnerKey(suite, key, context, random),
    verifyOwnerKey: (publicKey, proof, context) => keys.verifyOwnerKey(suite, publicKey, proof, context),
    proveDelegateeKey: (key, context, random) => keys.proveDelegateeKey(suite, key, context, random),
    verifyDelegateeKey: (publicKey, proof, context) => keys.verifyDelegateeKey(suite, publicKey, proof, context),
    refuseRelatedKeys: (owner, delegatee) => keys.refuseRelatedKeys(suite, owner, delegatee),
    encapsulate: (owner, label, random) => encapsulate(suite, owner, label, random),
    encapsulator: (owner) => encapsulator(suite, owner),
    decapsulate: (key, label, capsule) => decapsulate(suite, key, label, capsule),
    rewrap: (key, from, to, capsule) => rewrap(suite, key, from, to, capsule),
    reKeyGen: (key, label, delegatee) => reKeyMaker(suite, key, delegatee)(label),
    reKeyMaker: (key, delegatee) => reKeyMaker(suite, key, delegatee),
    checkReKey: (owner, label, delegatee, reKey) => checkReKey(suite, owner, label, delegatee, reKey),
    badReKeys: (entries, random) => badReKeys(suite, entries, random),
    reEncrypt: (capsule, reKey) => reEncrypt(suite, capsule, reKey),
    reEncryptor: (reKey) => reEncryptor(suite, reKey),
    decapsulateDelegated: (key, owner, label, transformed) => decapsulateDelegated(suite, key, owner, label, transformed),
    proveReEncryption: (statement, random) => proveReEncryption(suite, statement, random),
    verifyReEncryption: (statement) => verifyReEncryption(suite, statement),
    discloseCapsuleKey: (key, statement, random) => discloseCapsuleKey(suite, key, statement, random),
    verifyDisclosure: ({ disclosure, ...statement }) => verifyDisclosure(suite, statement, disclosure),
    decapsulateDisclosed: ({ disclosure, ...statement }) => decapsulateDisclosed(suite, statement, disclosure),
    splitReKey: (key, label, delegatee, sharing, random) => threshold.splitReKey(suite, key, label, delegatee, sharing, random),
    checkReKeyShare: (owner, label, delegatee, commitments, share) => threshold.checkReKeyShare(suite, owner, label, delegatee, commitments, share),
    reEncryptShare: (statement, share, random) => threshold.reEncryptShare(suite, statement, share, random),
    verifyContribution: (statement, contribution) => threshold.verifyContribution(suite, statement, contribution),
    combineContributions: (statement, contributions) => threshold.combineContributions(suite, statement, contributions),
  };
}
