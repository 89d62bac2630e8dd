/** Accountability: a cheat is found by t auditors with f + 1 replicas after an ordered request, and by nobody else, and what was signed stays signed (docs/security.md). */
import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import { type AccountEntry, accountTable, openingIdOf, openingTable, readNonce, stateKeys } from '@medveil/agreements';
import { isCodedError, toBase64Url } from '@medveil/encoding';
import { committeesOf, giveShare, type Network, type ShareHolder } from '@medveil/host';
import { accountId, combineShares, hpkeKeyPairFromSeed, type OpenedShare, type OpeningBinding, openShare, sealIdentity, signTCert } from '@medveil/identity';
import { type Claimed, DAY_MS, LoneContract, random } from '../testing/lone-contract.js';

const ENROLMENT = 'pat_00112233445566778899aabbccddeeff';
const AUDITORS = 3;
const REPLICAS = 4;

const holdersOf = async (committee: ShareHolder['committee'], count: number): Promise<ShareHolder[]> =>
  Promise.all(Array.from({ length: count }, async (_, index) => ({ committee, id: `${committee}-${index}`, hpke: await hpkeKeyPairFromSeed(random(32)) })));
const described = (holders: readonly ShareHolder[]) => ({ threshold: 2, members: holders.map(({ id, hpke }) => ({ id, hpkePublicKey: toBase64Url(hpke.publicKey) })) });
const codeOf = (asked: Promise<unknown>): Promise<string> => asked.then(() => 'given', (error: unknown) => (isCodedError(error) ? error.code : String(error)));

let ledger: LoneContract;
let cheat: Claimed;
let holders: ShareHolder[];
let network: Network;
let certificate: Uint8Array;
let sealed: { readonly opening: Uint8Array; readonly binding: OpeningBinding };
before(async () => {
  ledger = await LoneContract.open();
  const requirement = ledger.release();
  const [auditors, replicas] = [await holdersOf('auditors', AUDITORS), await holdersOf('replicas', REPLICAS)];
  holders = [...auditors, ...replicas];
  const { chainId } = ledger.network.options;
  const opened = { auditors: described(auditors), replicas: described(replicas) };
  network = { chainId, pkgPublicKey: toBase64Url(ledger.network.pkgCertificates.publicKey), opening: opened } as unknown as Network;
  const patient = ledger.network.patient();
  const { publicKey: accountKey } = patient.account;
  const binding = { chainId, serial: random(16), accountKey };
  const { opening } = await sealIdentity({ enrolmentId: ENROLMENT, binding, committees: committeesOf(network) }, random);
  sealed = { opening, binding };
  certificate = signTCert({
    version: 1, chainId, serial: binding.serial, role: 'patient', accountKey, preKey: patient.owner.publicKey,
    notBeforeMs: ledger.nowMs - DAY_MS, notAfterMs: ledger.nowMs + DAY_MS, opening,
  }, ledger.network.pkgCertificates);
  const record = ledger.network.record(patient, { 'vital-signs': random(32), laboratory: random(32) });
  ledger.accept(patient.account, record.body, certificate);
  const { body, claimId } = ledger.network.claim(patient, 1, record, requirement.requirementId, requirement.policyHash);
  ledger.accept(patient.account, body);
  cheat = { patient, record, claimId };
});

/** In its committee, of the holder at a place among all. */
const placeOf = (committee: string, at: number): number => (committee === 'auditors' ? at : at - AUDITORS);

const opened = (shares: readonly OpenedShare[]): Promise<string> =>
  combineShares({ ...sealed, committees: committeesOf(network), shares: [...shares] }).catch((error: unknown) => (isCodedError(error) ? error.code : String(error)));

describe('accountability', () => {
  it('has exactly the access structure that is promised: of all 128 groups, those with t auditors and f + 1 replicas', async () => {
    const shares = await Promise.all(holders.map(({ committee, hpke }, at) => openShare({ ...sealed, committee, index: placeOf(committee, at), holder: hpke })));
    const names = holders.map(({ committee }) => committee);
    for (let group = 0; group < 2 ** holders.length; group += 1) {
      const given = shares.filter((_, at) => (group >> at) % 2 === 1);
      const count = (committee: string): number => names.filter((name, at) => name === committee && (group >> at) % 2 === 1).length;
      const expected = count('auditors') >= 2 && count('replicas') >= 2 ? ENROLMENT : 'identity/too-few-shares';
      assert.equal(await opened(given), expected, group.toString(2));
    }
  });

  it('comes after an order on the ledger: before it, and before the auditors approve, no honest holder gives a share', async () => {
    const [asking, second] = ledger.network.auditors;
    assert.ok(asking !== undefined && second !== undefined);
    const account = cheat.patient.id;
    const request = { type: 'request-opening', account, reason: 'false-data', claimId: cheat.claimId, evidenceHash: random(32) } as const;
    for (const outsider of [ledger.network.institution.account, ledger.network.proxy, ledger.network.pkgAccount, cheat.patient.account]) {
      assert.equal(ledger.send(outsider, request), 'agreements/not-permitted');
    }
    const openingId = openingIdOf(accountId(asking.publicKey), readNonce(ledger.state, asking.publicKey));
    assert.equal(openingTable.read(ledger.state, openingId), null);
    ledger.accept(asking, request);
    const requester = { sealKey: (await hpkeKeyPairFromSeed(random(32))).publicKey } as never;
    const asks = () => Promise.all(holders.map((holder) => codeOf(giveShare(network, holder, {
      openingId, opening: openingTable.read(ledger.state, openingId) as never, account: accountTable.read(ledger.state, account) as AccountEntry, requester,
    }, certificate, random))));
    assert.deepEqual(new Set(await asks()), new Set(['agreements/opening-not-approved']));
    ledger.accept(second, { type: 'approve-opening', openingId });
    assert.deepEqual(new Set(await asks()), new Set(['given']));
    assert.ok(ledger.events.some(({ type }) => type === 'opening-requested'), 'for everybody to see');
    assert.ok(ledger.state.has(stateKeys.opening(openingId)));
  });

  it('holds for what was signed: nobody acts in the name of a pseudonym, not the PKG with a second certificate for it either', () => {
    const { patient, record } = cheat;
    const thief = ledger.network.key();
    const body = { type: 'revoke-grant', claimId: cheat.claimId } as const;
    const bytes = ledger.sign(patient.account, body);
    const asThief = ledger.network.sign(thief, 2, body);
    // The thief's signature under the patient's name, and the patient's over other words.
    const forged = Buffer.from(bytes);
    forged.set(asThief.subarray(-64), bytes.length - 64);
    assert.notEqual(ledger.execute(new Uint8Array(forged)), 'accepted');
    const { serial } = sealed.binding;
    const second = signTCert({
      version: 1, chainId: network.chainId, serial, role: 'patient', accountKey: thief.publicKey, preKey: patient.owner.publicKey,
      notBeforeMs: ledger.nowMs - DAY_MS, notAfterMs: ledger.nowMs + DAY_MS, opening: sealed.opening,
    }, ledger.network.pkgCertificates);
    assert.equal(ledger.execute(ledger.network.sign(thief, 0, record.body, second)), 'agreements/bad-certificate');
  });
});
