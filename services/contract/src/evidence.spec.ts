import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { ApiError } from '@medveil/client';
import { encodeSealedEvidence, type Evidence, evidenceHash, openEvidence, type SealedEvidence, sealEvidence, decodeSealedEvidence } from '@medveil/delivery';
import { encodeCanonical, fromBase64Url, toBase64Url } from '@medveil/encoding';
import { accountId, type HpkeKeyPair, hpkeKeyPairFromSeed, type SigningKeyPair } from '@medveil/identity';
import { eventually, random, World } from './spec-world.js';

const problem = (code: string, status: number) => (error: unknown) => {
  assert.ok(error instanceof ApiError, String(error));
  assert.deepEqual([error.code, error.status], [code, status]);
  return true;
};

const encoded = (evidence: SealedEvidence): string => toBase64Url(encodeSealedEvidence(evidence));

describe('the front’s keeping of evidence', () => {
  let world: World;
  let claimId: Evidence['claimId'];
  let auditor: { readonly account: ReturnType<typeof accountId>; readonly sealKey: Uint8Array; readonly hpke: HpkeKeyPair };
  let sealed: SealedEvidence;
  const institution = () => world.by('transactions:submit');
  const reader = () => world.by('evidence:read');
  const nonces = new Map<string, number>();

  /** Next in the account's order. */
  async function commit(account: SigningKeyPair, body: Parameters<World['network']['sign']>[2], certificate: Uint8Array | null = null): Promise<void> {
    const id = accountId(account.publicKey);
    const nonce = nonces.get(id) ?? 0;
    nonces.set(id, nonce + 1);
    await world.node.commit(world.network.sign(account, nonce, body, certificate));
  }

  before(async () => {
    world = await World.open();
    const { network } = world;
    const hpke = await hpkeKeyPairFromSeed(random(32));
    auditor = { account: accountId(network.auditors[0]!.publicKey), sealKey: hpke.publicKey, hpke };
    const patient = network.patient();
    const record = network.record(patient, { 'vital-signs': random(32), laboratory: random(32) });
    const { body, requirementId } = network.requirement();
    const claim = network.claim(patient, 1, record, requirementId, body.terms.policyHash);
    ({ claimId } = claim);
    await commit(network.treasury, network.mint(10_000));
    await commit(network.institution.account, body);
    await commit(patient.account, record.body, patient.certificate);
    await commit(patient.account, claim.body);
    await commit(network.proxy, network.delivery(patient, record, claimId));
    const evidence: Evidence = { version: 1, chainId: network.options.chainId, claimId, policy: random(50), transformed: [], disclosed: [], code: 'x', checks: [], salt: random(16) };
    sealed = await sealEvidence(evidence, [auditor], random);
    await world.followed();
  });
  after(async () => world.close());

  it('takes none before the ledger names its hash, and then that and no other, from whoever has it', async () => {
    await assert.rejects(institution().putEvidence(claimId, encoded(sealed)), problem('contract/not-disputed', 409));
    await commit(world.network.institution.account, { type: 'open-dispute', claimId, evidenceHash: evidenceHash(sealed) });
    await world.followed();
    await assert.rejects(reader().evidence(claimId), problem('contract/not-found', 404));
    const other = { ...sealed, documentHash: random(32) };
    await assert.rejects(institution().putEvidence(claimId, encoded(other)), problem('contract/evidence-mismatch', 422));
    await assert.rejects(institution().putEvidence(claimId, toBase64Url(encodeCanonical({ no: 'evidence' }))), problem('delivery/bad-evidence', 422));
    await assert.rejects(reader().putEvidence(claimId, encoded(sealed)), problem('http/forbidden', 403));
    await institution().putEvidence(claimId, encoded(sealed));
    await institution().putEvidence(claimId, encoded(sealed));
  });

  it('gives it to auditors as it came, and to nobody else', async () => {
    await assert.rejects(world.by('ledger:read', 'transactions:submit').evidence(claimId), problem('http/forbidden', 403));
    await assert.rejects(world.anonymous.evidence(claimId), problem('http/unauthenticated', 401));
    const kept = decodeSealedEvidence(fromBase64Url((await reader().evidence(claimId)).evidence));
    assert.deepEqual(kept, sealed);
    assert.equal((await openEvidence(kept, claimId, auditor)).claimId, claimId);
  });

  it('forgets it with the dispute', async () => {
    await commit(world.network.auditors[0]!, { type: 'rule-dispute', claimId, outcome: 'institution-at-fault' });
    await eventually(async () => reader().evidence(claimId).then(() => undefined, (error: unknown) => problem('contract/not-found', 404)(error)));
    await assert.rejects(institution().putEvidence(claimId, encoded(sealed)), problem('contract/not-disputed', 409));
    await world.restart();
    await assert.rejects(reader().evidence(claimId), problem('contract/not-found', 404));
  });
});
