import { claimIdOf, recordTable, requirementTable, stateKeys, claimTable } from '@medveil/agreements';
import { containerOf, encodeContainer, type EncryptedPart, encryptPart, makeRecord, random } from '@medveil/delivery/testing';
import { decodePolicy, type PartType, proveEligibility, type Prover, type ProvingCircuit } from '@medveil/eligibility';
import { type Id, toHex, utf8 } from '@medveil/encoding';
import { accountId } from '@medveil/identity';
import { CHAIN, type SpecNetwork } from './spec-network.js';

export interface SpecClaim {
  readonly claimId: Id<'clm'>;
  readonly content: (part: PartType) => Uint8Array;
  /** Phase 8: the proxy's work, recorded. */
  readonly deliver: () => Promise<void>;
}

/** Phases 4 to 7 of a patient: upload, registration, proof, claim. */
export async function claim(spec: SpecNetwork, prover: Prover, circuit: ProvingCircuit, requirementId: Id<'req'>, seed: number): Promise<SpecClaim> {
  const { account, owner, certificate } = spec.pseudonym();
  const record = makeRecord({ nowMs: spec.clock(), seed, issuer: spec.hospital });
  const view = spec.ledger.ledger.view();
  const requirement = requirementTable.read(view, requirementId);
  if (requirement === null) throw new Error('no such requirement');
  const { terms, domains } = requirement;
  const parts: EncryptedPart[] = [];
  for (const part of terms.parts) parts.push(await encryptPart(spec.pre, owner, { chainId: CHAIN, record: record.h, part, plaintext: encodeContainer(containerOf(record, part)) }));
  for (const { bodyDigest, ciphertext } of parts) spec.bodies.set(toHex(bodyDigest), ciphertext);
  const registered = parts.map(({ part, version, capsule, bodyDigest, bodyBytes }) => ({ part, version, capsule, bodyDigest, bodyBytes }));
  await spec.ledger.send(account, { type: 'register-record', record: record.h, parts: registered }, certificate);
  const { proof, statement } = await proveEligibility(prover, [circuit], {
    record: record.tree, attestation: record.attestation, idSecret: record.idSecret, r: record.r, policy: decodePolicy(spec.policies.get(requirementId) ?? new Uint8Array()),
    selfAttested: false, issuers: spec.issuers, requirementId, domains, pseudonym: account.publicKey, chainId: CHAIN,
  });
  const claimId = claimIdOf(accountId(account.publicKey), 1);
  await spec.ledger.send(account, {
    type: 'submit-claim', requirementId, record: record.h, policyHash: terms.policyHash, result: 1, claimNullifier: statement.claimNullifier,
    domainNullifiers: [...statement.domainNullifiers], issuerRoot: statement.issuerRoot, proof,
  });
  return { claimId, content: (part) => record.parts[part], deliver: () => deliver(spec, claimId, parts, owner) };
}

async function deliver(spec: SpecNetwork, claimId: Id<'clm'>, parts: readonly EncryptedPart[], owner: ReturnType<SpecNetwork['pseudonym']>['owner']): Promise<void> {
  const { pre, ledger, keys } = spec;
  const view = ledger.ledger.view();
  const claimed = claimTable.decode(view.get(stateKeys.claim(claimId)) ?? null);
  const record = recordTable.decode(view.get(stateKeys.record(claimed.recordId)) ?? null);
  const delivered = parts.map(({ part, capsule, label }) => {
    const reKey = pre.reKeyGen(owner, label, claimed.delegateeKey);
    const transformed = pre.reEncrypt(capsule, reKey);
    const statement = { capsule, transformed, ownerPublicKey: record.ownerKey, delegateePublicKey: claimed.delegateeKey, label, claimId: utf8(claimId) };
    return { part, transformed, proof: pre.proveReEncryption({ ...statement, reKey }, random) };
  });
  await ledger.send(keys.proxy, { type: 'record-delivery', claimId, parts: delivered });
}
