/**
 * What a replica does of the expensive kinds of transaction a second, on one core: an account's first transaction, which brings its T-Cert,
 * and claims, whose proofs are verified one by one or in batches.
 */
import { randomBytes } from 'node:crypto';
import { buildTransaction, createContract, createVerifiers } from '@medveil/agreements';
import { simulatedKey, simulateProof } from '@medveil/agreements/testing';
import { loadVerifier, prepareVerificationKey, publicInputsOf, verifyBatch, verifyEligibility } from '@medveil/eligibility';
import { signingKeyFromSeed, signTCert } from '@medveil/identity';
import { createGenesis, Ledger, MemoryStore } from '@medveil/ledger';
import { afgh06, loadEngine } from '@medveil/pre';
import { createNetworkFiles } from '@medveil/consensus-node/testing';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { rounded } from '../measure.mjs';

const bytes = (length) => new Uint8Array(randomBytes(length));
const field = () => Uint8Array.from([0, ...bytes(31)]);
const BATCH = 64;

const perSecond = (count, work) => {
  const before = process.cpuUsage();
  work();
  const { user, system } = process.cpuUsage(before);
  return rounded((count * 1e6) / (user + system), 0);
};

export async function measureVerification() {
  await loadVerifier();
  return { first_use_t_cert_tps: await firstUse(300), ...claims() };
}

/** Admission to the pool and execution of transactions that register their account and a record. */
async function firstUse(count) {
  const folder = await mkdtemp(join(tmpdir(), 'medveil-bench-'));
  try {
    const pkg = signingKeyFromSeed(bytes(32));
    const nowMs = Date.now();
    const { genesis } = await createNetworkFiles({ folder, chainId: 'cluster', replicas: ['replica-0', 'replica-1', 'replica-2', 'replica-3'], nowMs, pkgPublicKey: pkg.publicKey });
    const contract = createContract({ verifiers: createVerifiers({ pre: afgh06(await loadEngine()), verificationKeys: [simulatedKey] }) });
    const ledger = await Ledger.open({ genesis: createGenesis(genesis.document), store: new MemoryStore(), stateMachine: contract });
    const transactions = Array.from({ length: count }, () => certified(pkg, nowMs));
    const context = { chainId: 'cluster', height: 1, timeMs: nowMs, proposer: 'replica-0' };
    const admitted = ledger.checkTransaction(transactions[0], nowMs);
    if (!admitted.ok) throw new Error(`${admitted.code}: ${admitted.reason}`);
    const view = { ...ledger.view(), put: () => undefined, delete: () => undefined };
    return perSecond(count - 1, () => {
      for (const transaction of transactions.slice(1)) {
        ledger.checkTransaction(transaction, nowMs);
        const result = contract.execute(view, context, transaction);
        if (!result.ok) throw new Error(result.code);
      }
    });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function certified(pkg, nowMs) {
  const account = signingKeyFromSeed(bytes(32));
  const certificate = signTCert({
    version: 1, chainId: 'cluster', serial: bytes(16), role: 'patient', accountKey: account.publicKey, preKey: bytes(49), notBeforeMs: nowMs - 3_600_000, notAfterMs: nowMs + 86_400_000 * 30, opening: bytes(400),
  }, pkg);
  return buildTransaction({
    chainId: 'cluster', account, certificate, nonce: 0, validUntilMs: nowMs + 3_000_000,
    body: { type: 'register-record', record: field(), parts: [{ part: 'laboratory', version: 1, capsule: bytes(81), bodyDigest: bytes(32), bodyBytes: 65_536 }] },
  }).bytes;
}

function claims() {
  const key = prepareVerificationKey(simulatedKey);
  const statements = Array.from({ length: BATCH }, () => {
    const statement = {
      h: field(), policyHash: field(), result: 1, requirementId: `req_${Buffer.from(bytes(32)).toString('hex')}`, claimNullifier: field(), domains: [], domainNullifiers: [],
      issuerRoot: field(), pseudonym: bytes(32), chainId: 'cluster',
    };
    return { publicInputs: publicInputsOf(statement), proof: simulateProof(statement) };
  });
  return {
    claim_proofs_alone_per_s: perSecond(BATCH, () => { for (const { publicInputs, proof } of statements) if (!verifyEligibility(key, publicInputs, proof)) throw new Error('a good proof was refused'); }),
    claim_proofs_batched_per_s: perSecond(4 * BATCH, () => { for (let round = 0; round < 4; round += 1) if (!verifyBatch(key, statements, bytes).every(Boolean)) throw new Error('a good batch was refused'); }),
  };
}
