import type { Clock, RandomBytes } from '@medveil/encoding';
import { type CertificateAuthority, createCertificateAuthority, issueECert, type Role } from '@medveil/identity';
import type { ConsortiumParties } from './consortium-parties.js';
import type { Party } from './party-folders.js';

const DAY_MS = 86_400_000;
const AUTHORITY_LIFETIME_MS = 10 * 365 * DAY_MS;
const MEMBER_LIFETIME_MS = 2 * 365 * DAY_MS;
/** So that a party whose clock is behind can take part from the beginning. */
const BACKDATED_MS = 3_600_000;

export interface Certificates {
  /** DER */
  readonly authority: Uint8Array;
  /** E-Certs (DER) of those that genesis pins, by enrolment id */
  readonly members: Readonly<Record<string, Uint8Array>>;
}

/** The enrolment authority's own certificate, and E-Certs of treasury, proxy, auditors and replicas. */
export async function certify(chainId: string, parties: ConsortiumParties, { clock, random }: { readonly clock: Clock; readonly random: RandomBytes }): Promise<Certificates> {
  const nowMs = clock();
  const notBeforeMs = nowMs - BACKDATED_MS;
  const key = await parties.pkg.key('ca-key');
  const certificate = await createCertificateAuthority({ name: `${chainId} enrolment authority`, key, notBeforeMs, notAfterMs: nowMs + AUTHORITY_LIFETIME_MS }, random);
  const authority: CertificateAuthority = { certificate, key };
  const eCert = async (enrolmentId: string, role: Role, party: Party, secret: string, hpkePublicKey: Uint8Array | null) => {
    const subject = { enrolmentId, role, publicKey: await party.publicKey(secret), hpkePublicKey };
    return issueECert({ subject, authority, notBeforeMs, notAfterMs: nowMs + MEMBER_LIFETIME_MS }, random);
  };
  const members: Record<string, Uint8Array> = {
    treasury: await eCert('treasury', 'treasury', parties.contract, 'treasury-key', null),
    proxy: await eCert('proxy', 'proxy', parties.proxy, 'account-key', await parties.proxy.sealKey()),
  };
  for (const auditor of parties.auditors) members[auditor.id] = await eCert(auditor.id, 'auditor', auditor, 'account-key', await auditor.sealKey());
  for (const replica of parties.replicas) members[replica.id] = await eCert(replica.id, 'replica', replica, 'operator-key', await replica.sealKey());
  return { authority: certificate, members };
}
