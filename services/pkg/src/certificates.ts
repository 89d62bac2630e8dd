import { fromBase64Url } from '@medveil/encoding';
import { CLOCK_SKEW_MS, type ECert, type ECertSubject, issueECert, verifyECert } from '@medveil/identity';
import { type PkgContext, REQUEST_FRESHNESS_MS } from './context.js';
import { PkgError } from './errors.js';
import type { RevocationRegister } from './revocation-register.js';

/** The enrolment authority at work: E-Certs made and checked. */
export class Certificates {
  constructor(
    private readonly context: Pick<PkgContext, 'settings' | 'keys' | 'clock' | 'random'>,
    private readonly revocations: RevocationRegister,
  ) {}

  async issue(subject: ECertSubject): Promise<{ der: Uint8Array; cert: ECert }> {
    const { settings, keys, clock, random } = this.context;
    const nowMs = clock();
    const validity = { notBeforeMs: nowMs - CLOCK_SKEW_MS, notAfterMs: nowMs + settings.eCertLifetimeMs };
    const der = await issueECert({ subject, authority: keys.authority, ...validity }, random);
    return { der, cert: verifyECert(der, keys.authority.certificate, nowMs) };
  }

  /**
   * The E-Cert that a request came with.
   * @param caller the enrolment that the access token was issued to
   * @throws PkgError `pkg/not-yours`; IdentityError as `verifyECert`
   */
  async verify(certificate: string, caller: string): Promise<ECert> {
    const { check } = await this.revocations.inForce();
    const cert = verifyECert(fromBase64Url(certificate), this.context.keys.authority.certificate, this.context.clock(), check.isECertRevoked);
    if (cert.enrolmentId !== caller) throw new PkgError('pkg/not-yours', 'the certificate is not that of the caller', { enrolmentId: cert.enrolmentId });
    return cert;
  }

  /** @throws PkgError `pkg/stale-request` */
  requireRecent(requestedAtMs: number): void {
    const nowMs = this.context.clock();
    if (Math.abs(nowMs - requestedAtMs) > REQUEST_FRESHNESS_MS) {
      throw new PkgError('pkg/stale-request', 'the request was not made just now; is the clock right?', { requestedAtMs, nowMs, toleranceMs: REQUEST_FRESHNESS_MS });
    }
  }
}
