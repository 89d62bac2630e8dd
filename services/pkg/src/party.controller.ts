import { Body, Controller, HttpCode, Post } from '@nestjs/common';
import { pkgApi } from '@medveil/client';
import { toBase64Url } from '@medveil/encoding';
import { ApiCreatedResponse, Caller, type Principal, Scopes } from '@medveil/service-kit';
import type { z } from 'zod';
import { EnrolmentTokens, OPERATOR_SPONSOR } from './enrolment-tokens.js';
import { Enrolments } from './enrolments.js';
import { Issuers } from './issuers.js';
import { Revocations } from './revocations.js';
import { TCerts } from './t-certs.js';

const ADMIN = 'enrolments:admin';

/** What enrolled parties, and the operator, ask for. */
@Controller()
export class PartyController {
  constructor(
    private readonly tokens: EnrolmentTokens,
    private readonly enrolments: Enrolments,
    private readonly tCerts: TCerts,
    private readonly issuers: Issuers,
    private readonly revocations: Revocations,
  ) {}

  @Post('enrolment-tokens')
  @Scopes(ADMIN, 'enrolments:patients')
  @ApiCreatedResponse({ standardSchema: pkgApi.enrolmentTokenSchema })
  async enrolmentToken(
    @Body({ schema: pkgApi.enrolmentTokenRequestSchema }) wanted: z.output<typeof pkgApi.enrolmentTokenRequestSchema>,
    @Caller() caller: Principal,
  ): Promise<pkgApi.EnrolmentToken> {
    const sponsor = caller.scopes.has(ADMIN) ? OPERATOR_SPONSOR : caller.subject;
    const { token, expiresAtMs } = await this.tokens.create(wanted, sponsor);
    return { ...wanted, token: toBase64Url(token), expiresAtMs };
  }

  @Post('enrolments/renewals')
  @Scopes('certificates:renew')
  @ApiCreatedResponse({ standardSchema: pkgApi.enrolmentSchema })
  renew(@Body({ schema: pkgApi.renewalRequestSchema }) request: pkgApi.RenewalRequest, @Caller() caller: Principal): Promise<pkgApi.Enrolment> {
    return this.enrolments.renew(request, caller.subject);
  }

  @Post('t-certs')
  @Scopes('pseudonyms:request')
  @ApiCreatedResponse({ standardSchema: pkgApi.tCertBatchSchema })
  pseudonyms(@Body({ schema: pkgApi.tCertBatchRequestSchema }) request: pkgApi.TCertBatchRequest, @Caller() caller: Principal): Promise<pkgApi.TCertBatch> {
    return this.tCerts.issue(request, caller.subject);
  }

  @Post('issuers')
  @HttpCode(202)
  @Scopes('issuers:accredit')
  accredit(@Body({ schema: pkgApi.issuerRequestSchema }) request: pkgApi.IssuerRequest, @Caller() caller: Principal): Promise<pkgApi.Accreditation> {
    return this.issuers.accredit(request, caller.subject);
  }

  @Post('revocations')
  @HttpCode(202)
  @Scopes(ADMIN)
  revoke(@Body({ schema: pkgApi.revocationRequestSchema }) request: z.output<typeof pkgApi.revocationRequestSchema>): Promise<pkgApi.Revocation> {
    return this.revocations.revoke(request);
  }
}
