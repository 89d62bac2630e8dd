/** Availability: nobody's silence keeps another from what is owed (docs/security.md; that f replicas stop nothing is shown in libs/pbft). */
import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import { readAccount, readClaim } from '@medveil/agreements';
import { type Claimed, DAY_MS, LoneContract, random } from '../testing/lone-contract.js';

const REWARD = 100;
const FEE = 2;
const BOND = 100;

let ledger: LoneContract;
let requirement: ReturnType<LoneContract['release']>;
before(async () => {
  ledger = await LoneContract.open();
  requirement = ledger.release();
});

const statusOf = ({ claimId }: Claimed): string | undefined => readClaim(ledger.state, claimId)?.status;
const balanceOf = (id: Parameters<typeof readAccount>[1]): number => readAccount(ledger.state, id)?.balance ?? 0;
const institutions = (): number => balanceOf(ledger.network.institution.id);
const deliver = (claimed: Claimed, by = ledger.network.proxy): void => ledger.accept(by, ledger.network.delivery(claimed.patient, claimed.record, claimed.claimId));

describe('availability', () => {
  it('does not hang on the proxy: the patient’s agent delivers itself, with the same proof', () => {
    const claimed = ledger.claim(requirement);
    deliver(claimed, claimed.patient.account);
    assert.equal(statusOf(claimed), 'delivered');
  });

  it('does not hang on the institution: its silence pays the patient', () => {
    const claimed = ledger.claim(requirement);
    deliver(claimed);
    ledger.pass(8 * DAY_MS);
    assert.deepEqual([statusOf(claimed), balanceOf(claimed.patient.id)], ['settled', REWARD - FEE]);
  });

  it('does not hang on the patient: an institution that was delivered nothing is charged nothing', () => {
    const held = institutions();
    const claimed = ledger.claim(requirement);
    ledger.pass(4 * DAY_MS);
    assert.equal(statusOf(claimed), 'lapsed');
    ledger.accept(ledger.network.institution.account, { type: 'close-requirement', requirementId: requirement.requirementId });
    // Ten places, two of which were paid for above.
    assert.equal(institutions(), held + 8 * REWARD);
  });

  it('does not hang on the auditors: a dispute that nobody rules on ends, and neither side loses by it', () => {
    const next = ledger.release({ keywords: ['another'] });
    const claimed = ledger.claim(next);
    deliver(claimed);
    const held = institutions();
    ledger.accept(ledger.network.institution.account, { type: 'open-dispute', claimId: claimed.claimId, evidenceHash: random(32) });
    assert.equal(institutions(), held - BOND);
    ledger.pass(31 * DAY_MS);
    assert.deepEqual([statusOf(claimed), balanceOf(claimed.patient.id)], ['settled', REWARD - FEE]);
    assert.ok(institutions() >= held, 'the bond is back');
  });
});
