import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { issuersTable, stateKeys } from '@medveil/agreements';
import { accreditationLeaf, bytesToField, issuerKeyFromSeed, IssuerTree } from '@medveil/eligibility';
import { concatBytes, fromHex, sha256, toBase64Url, toHex, utf8 } from '@medveil/encoding';
import { createIssuerRequest, type IssuerKind } from '@medveil/identity';
import { CHAIN, DAY_MS, eventually, type Party, problem, World } from './spec-world.js';

const keyOf = (name: string): Uint8Array => issuerKeyFromSeed(sha256(utf8(name))).publicKey;

describe('accredited issuers', () => {
  let world: World;
  let hospital: Party;
  let patient: Party;
  before(async () => {
    world = await World.open();
    hospital = await world.enrolled('hospital-1', 'hospital');
    patient = await world.enrolled('patient-1', 'patient');
  });
  after(() => world.close());

  const requestOf = (party: Party, kind: IssuerKind, key: Uint8Array, requestedAtMs = world.nowMs) => {
    const body = { version: 1, chainId: CHAIN, kind, ax: key.subarray(0, 32), ay: key.subarray(32), requestedAtMs } as const;
    return { request: toBase64Url(createIssuerRequest(body, party.keys.enrolment)), certificate: party.certificate };
  };
  const ledgerRoot = async () => {
    const value = await world.ledger.readState(stateKeys.issuers());
    return value === undefined ? undefined : issuersTable.decode(value);
  };
  const onLedger = (party: Party, request: ReturnType<typeof requestOf>) =>
    eventually(async () => {
      const answer = await party.client.accreditIssuer(request);
      return answer.onLedger ? answer : undefined;
    });

  it('are none at first, and the ledger is not told so', async () => {
    const empty = await world.anonymous.issuers();
    assert.deepEqual({ leaves: empty.leaves, root: empty.root }, { leaves: [], root: toHex(IssuerTree.of([]).root) });
    assert.equal(await ledgerRoot(), undefined);
  });

  it('stand on the ledger by a root that anyone recomputes from the list', async () => {
    const key = keyOf('hospital-1');
    const { place } = await onLedger(hospital, requestOf(hospital, 'hospital', key));
    assert.equal(place, 0);
    await onLedger(patient, requestOf(patient, 'self', keyOf('patient-1')));
    const { root, leaves, onLedger: recorded } = await world.anonymous.issuers();
    assert.equal(recorded, true);
    assert.deepEqual(leaves.map((leaf) => leaf?.s), ['00'.repeat(32), toHex(patient.subject ?? assert.fail())]);
    const tree = IssuerTree.of(leaves.map((leaf) => {
      const { ax, ay, s } = leaf ?? assert.fail();
      return accreditationLeaf(concatBytes(fromHex(ax), fromHex(ay)), bytesToField(fromHex(s)));
    }));
    assert.equal(toHex(tree.root), root);
    assert.deepEqual((await ledgerRoot())?.root, tree.root);
  });

  it('are accredited once', async () => {
    const again = await hospital.client.accreditIssuer(requestOf(hospital, 'hospital', keyOf('hospital-1')));
    assert.deepEqual(again, { place: 0, onLedger: true });
    const other = await world.enrolled('hospital-2', 'hospital');
    await assert.rejects(other.client.accreditIssuer(requestOf(other, 'hospital', keyOf('hospital-1'))), problem('pkg/key-in-use', 409));
  });

  it('attest as their role does, with a key that is one', async () => {
    await assert.rejects(patient.client.accreditIssuer(requestOf(patient, 'hospital', keyOf('x'))), problem('identity/wrong-role', 422));
    await assert.rejects(hospital.client.accreditIssuer(requestOf(hospital, 'self', keyOf('x'))), problem('identity/wrong-role', 422));
    await assert.rejects(hospital.client.accreditIssuer(requestOf(hospital, 'hospital', new Uint8Array(64).fill(3))), problem('eligibility/bad-issuer', 422));
    await assert.rejects(hospital.client.accreditIssuer(requestOf(hospital, 'hospital', keyOf('x'), world.nowMs - DAY_MS)), problem('pkg/stale-request', 422));
    await assert.rejects(patient.client.accreditIssuer(requestOf(hospital, 'hospital', keyOf('x'))), problem('pkg/not-yours', 403));
    const institution = await world.enrolled('institute', 'institution');
    await assert.rejects(institution.client.accreditIssuer(requestOf(institution, 'hospital', keyOf('x'))), problem('http/forbidden', 403));
  });

  it('reach the ledger when it can be reached again, also after a restart', async () => {
    world.ledger.isReachable = false;
    const request = requestOf(hospital, 'hospital', keyOf('second key'));
    assert.equal((await hospital.client.accreditIssuer(request)).onLedger, false);
    assert.equal((await world.anonymous.issuers()).onLedger, false);
    await world.restart();
    world.ledger.isReachable = true;
    world.nowMs += 60_000;
    await onLedger(hospital, request);
    assert.equal(toHex((await ledgerRoot())?.root ?? assert.fail()), (await world.anonymous.issuers()).root);
  });

  it('leave the tree with their enrolment, and no earlier root is good any more', async () => {
    const former = await ledgerRoot();
    await world.operator().revoke({ enrolmentId: 'hospital-1', reason: 'the key was stolen' });
    await eventually(async () => ((await world.anonymous.issuers()).onLedger ? true : undefined));
    const { leaves, root } = await world.anonymous.issuers();
    assert.deepEqual(leaves.map((leaf) => leaf === null), [true, false, true]);
    const now = await ledgerRoot();
    assert.equal(toHex(now?.root ?? assert.fail()), root);
    assert.notDeepEqual(now?.root, former?.root);
    assert.equal(now?.noGraceUntilMs, now?.sinceMs);
    await assert.rejects(hospital.client.accreditIssuer(requestOf(hospital, 'hospital', keyOf('third key'))), problem('identity/revoked', 401));
  });
});
