import { delegateeKeyContext, type Member, memberSchema, type Proposal } from '@medveil/agreements';
import { type CborValue, decodeCanonical, encodeCanonical, equalBytes, fromBase64Url, isCodedError, sha256 } from '@medveil/encoding';
import type { EnrolmentRequest } from '@medveil/identity';
import type { PkgContext } from './context.js';
import { PkgError } from './errors.js';

type Institution = Extract<Member, { role: 'institution' }>;

/**
 * The member that an institution asks the consortium to pin: it must be the enrolled party's own. The consortium's votes,
 * not the PKG's word, put it on the ledger (docs/scheme.md, section 9).
 * @returns null for roles that are not pinned so
 * @throws PkgError `pkg/bad-member`
 */
export function checkMember(
  encoded: string | undefined,
  request: EnrolmentRequest,
  { chainId, preKeys }: Pick<PkgContext, 'chainId' | 'preKeys'>,
): Institution | null {
  if (request.role !== 'institution') {
    if (encoded !== undefined) throw bad('only institutions come with a member');
    return null;
  }
  if (encoded === undefined) throw bad('an institution comes with the member to pin');
  const member = decodeMember(encoded);
  if (!equalBytes(member.accountKey, request.publicKey)) throw bad('the account key is not the enrolment key');
  if (request.hpkePublicKey === null || !equalBytes(member.sealKey, request.hpkePublicKey)) throw bad('the seal key is not the HPKE key of the enrolment');
  if (member.eCertHash !== null) throw bad('the hash of the E-Cert is filled in by the PKG');
  if (!preKeys.verifyDelegateeKey(member.delegateeKey, member.delegateeProof, delegateeKeyContext(chainId, member.accountKey))) {
    throw bad('the delegatee key comes without a proof that its holder knows the secret');
  }
  return member;
}

/** @param certificate DER @returns the canonical proposal to pin `member` */
export function pinProposal(member: Institution, certificate: Uint8Array, { settings, clock, random }: Pick<PkgContext, 'settings' | 'clock' | 'random'>): Uint8Array {
  const proposal: Proposal = {
    action: { kind: 'pin-member', member: { ...member, eCertHash: sha256(certificate) } },
    reference: random(16),
    voteUntilMs: clock() + settings.memberVoteMs,
  };
  return encodeCanonical(proposal satisfies CborValue);
}

function decodeMember(encoded: string): Institution {
  let value: CborValue;
  try {
    value = decodeCanonical(fromBase64Url(encoded));
  } catch (cause) {
    throw bad(isCodedError(cause) ? cause.message : 'not canonical', cause);
  }
  const parsed = memberSchema.safeParse(value);
  if (!parsed.success) throw bad(`${parsed.error.issues[0]?.path.join('.') ?? ''} does not have its form`);
  if (parsed.data.role !== 'institution') throw bad('the member is not an institution');
  return parsed.data;
}

const bad = (reason: string, cause?: unknown): PkgError => new PkgError('pkg/bad-member', reason, {}, { cause });
