import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { before, describe, it } from 'node:test';
import type { AccountEntry, MemberEntry, OpeningEntry } from '@medveil/agreements';
import { isCodedError, toBase64Url } from '@medveil/encoding';
import {
  accountId, combineShares, type HpkeKeyPair, hpkeKeyPairFromSeed, type OpeningBinding, sealIdentity, signingKeyFromSeed, signTCert, unsealOpenedShare,
} from '@medveil/identity';
import type { Network } from './network.js';
import { committeesOf, giveShare, type OpeningOnLedger, type ShareHolder } from './openings.js';

const random = (length: number): Uint8Array => new Uint8Array(randomBytes(length));
const OPENING = `opn_${'a'.repeat(64)}` as const;
const ENROLMENT = 'pat_00112233445566778899aabbccddeeff';

const holdersOf = async (committee: ShareHolder['committee'], count: number): Promise<ShareHolder[]> =>
  Promise.all(Array.from({ length: count }, async (_, index) => ({ committee, id: `${committee}-${index}`, hpke: await hpkeKeyPairFromSeed(random(32)) })));
const described = (holders: readonly ShareHolder[]) => ({ threshold: 2, members: holders.map(({ id, hpke }) => ({ id, hpkePublicKey: toBase64Url(hpke.publicKey) })) });

const refused = (code: string, asked: Promise<unknown>) => assert.rejects(asked, (error) => isCodedError(error) && error.code === code);

describe('a share of a pseudonym', () => {
  const pkg = signingKeyFromSeed(random(32));
  const accountKey = signingKeyFromSeed(random(32)).publicKey;
  const serial = random(16);
  let auditors: ShareHolder[];
  let replicas: ShareHolder[];
  let network: Network;
  let certificate: Uint8Array;
  let opening: Uint8Array;
  let requester: HpkeKeyPair;
  let onLedger: OpeningOnLedger;
  const binding: OpeningBinding = { chainId: 'spec', serial, accountKey };

  before(async () => {
    [auditors, replicas] = [await holdersOf('auditors', 3), await holdersOf('replicas', 4)];
    network = { chainId: 'spec', pkgPublicKey: toBase64Url(pkg.publicKey), opening: { auditors: described(auditors), replicas: described(replicas) } } as unknown as Network;
    ({ opening } = await sealIdentity({ enrolmentId: ENROLMENT, binding, committees: committeesOf(network) }, random));
    certificate = signTCert({ version: 1, chainId: 'spec', serial, role: 'hospital', accountKey, preKey: random(49), notBeforeMs: 0, notAfterMs: 1, opening }, pkg);
    requester = await hpkeKeyPairFromSeed(random(32));
    onLedger = {
      openingId: OPENING,
      opening: { account: accountId(accountKey), approvedAtMs: 1 } as OpeningEntry,
      account: { certificate: { serial } } as AccountEntry,
      requester: { sealKey: requester.publicKey } as MemberEntry,
    };
  });

  const give = (holder: ShareHolder, change: Partial<OpeningOnLedger> = {}) => giveShare(network, holder, { ...onLedger, ...change }, certificate, random);

  it('opens the identity with those of t auditors and f + 1 replicas, though the certificate has expired long ago', async () => {
    const sealed = await Promise.all([auditors[0]!, auditors[2]!, replicas[1]!, replicas[3]!].map((holder) => give(holder)));
    const shares = await Promise.all(sealed.map((bytes) => unsealOpenedShare(bytes, requester, OPENING)));
    assert.equal(await combineShares({ opening, binding, committees: committeesOf(network), shares }), ENROLMENT);
    for (const fewer of [shares.slice(1), shares.slice(0, 3), shares.slice(0, 2)]) {
      await refused('identity/too-few-shares', combineShares({ opening, binding, committees: committeesOf(network), shares: fewer }));
    }
  });

  it('is not given before the opening is approved, and not for another pseudonym', async () => {
    await refused('agreements/opening-not-approved', give(auditors[0]!, { opening: { ...onLedger.opening, approvedAtMs: null } }));
    await refused('agreements/not-this-pseudonym', give(replicas[0]!, { opening: { ...onLedger.opening, account: accountId(random(32)) } }));
    await refused('agreements/not-this-pseudonym', give(replicas[0]!, { account: { certificate: null } as AccountEntry }));
  });

  it('is for the auditor who asked and for that request', async () => {
    const sealed = await give(replicas[0]!);
    await refused('identity/cannot-open', unsealOpenedShare(sealed, auditors[1]!.hpke, OPENING));
    await refused('identity/cannot-open', unsealOpenedShare(sealed, requester, `opn_${'b'.repeat(64)}`));
    await refused('host/no-share-holder', give(replicas[0]!, { requester: { ...onLedger.requester, sealKey: null } }));
  });

  it('is the holder’s own', async () => {
    await refused('host/no-share-holder', give({ ...auditors[0]!, id: 'nobody' }));
    await refused('identity/cannot-open', give({ ...auditors[0]!, id: 'auditors-1' }));
  });
});
