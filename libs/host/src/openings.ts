/** A committee member's part in opening a pseudonym, the same for auditors and replicas (docs/identity.md). */
import { type AccountEntry, approvedOpening, type MemberEntry, type OpeningEntry } from '@medveil/agreements';
import { CodedError, fromBase64Url, type Id, type RandomBytes } from '@medveil/encoding';
import { type CommitteeName, type HpkeKeyPair, openShare, type OpeningCommittees, sealOpenedShare } from '@medveil/identity';
import type { Network } from './network.js';

const committee = ({ threshold, members }: Network['opening']['auditors']) => ({
  threshold,
  members: members.map(({ id, hpkePublicKey }) => ({ id, publicKey: fromBase64Url(hpkePublicKey) })),
});

/** As the network's description names them. */
export const committeesOf = ({ opening }: Network): OpeningCommittees => ({ auditors: committee(opening.auditors), replicas: committee(opening.replicas) });

export interface ShareHolder {
  readonly committee: CommitteeName;
  /** the member's name in the network's description */
  readonly id: string;
  readonly hpke: HpkeKeyPair;
}

/** What the ledger says of a request; each entry proved by a certified header, or executed by the holder itself. */
export interface OpeningOnLedger {
  readonly openingId: Id<'opn'>;
  readonly opening: OpeningEntry;
  /** of the pseudonym */
  readonly account: AccountEntry;
  /** the auditor who asked: its pinned key is the one that shares are sealed to */
  readonly requester: MemberEntry;
}

/**
 * The holder's share, sealed to the auditor who asked, for this request alone.
 * @param certificate the pseudonym's T-Cert
 * @throws OpeningRefusal `agreements/opening-not-approved`, `agreements/not-this-pseudonym`; IdentityError `identity/cannot-open`, `identity/bad-share`;
 * CodedError `host/no-share-holder`
 */
export async function giveShare(network: Network, holder: ShareHolder, onLedger: OpeningOnLedger, certificate: Uint8Array, random: RandomBytes): Promise<Uint8Array> {
  const { openingId, opening, account, requester } = onLedger;
  const ordered = { chainId: network.chainId, pkgPublicKey: fromBase64Url(network.pkgPublicKey), opening, account };
  const approved = approvedOpening(ordered, certificate);
  const index = network.opening[holder.committee].members.findIndex(({ id }) => id === holder.id);
  if (index < 0) throw new CodedError('host/no-share-holder', 'not a member of the committee', { committee: holder.committee, id: holder.id });
  if (requester.sealKey === null) throw new CodedError('host/no-share-holder', 'the auditor who asked is not pinned any more');
  const share = await openShare({ ...approved, committee: holder.committee, index, holder: holder.hpke });
  return sealOpenedShare(share, requester.sealKey, openingId, random);
}
