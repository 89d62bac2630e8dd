import { Body, Controller, Get, HttpCode, Post } from '@nestjs/common';
import { pkgApi, type TokenRequest, tokenRequestSchema, type TokenResponse, tokenResponseSchema } from '@medveil/client';
import { fromBase64Url, toBase64Url } from '@medveil/encoding';
import { TokenService } from '@medveil/host';
import { ApiCreatedResponse, ApiOkResponse, Public } from '@medveil/service-kit';
import { EnrolmentTokens } from './enrolment-tokens.js';
import { Enrolments } from './enrolments.js';
import { IdentityProviders } from './identity-providers.js';
import { Issuers } from './issuers.js';
import { PublicParameters } from './parameters.js';
import { RevocationRegister } from './revocation-register.js';
import { Revocations } from './revocations.js';

/** What needs no access token: what is public, and the ways to get one. */
@Controller()
@Public()
export class PublicController {
  constructor(
    private readonly publicParameters: PublicParameters,
    private readonly tokens: TokenService,
    private readonly register: RevocationRegister,
    private readonly enrolments: Enrolments,
    private readonly providers: IdentityProviders,
    private readonly enrolmentTokens: EnrolmentTokens,
    private readonly accredited: Issuers,
    private readonly revocations: Revocations,
  ) {}

  @Get('parameters')
  @ApiOkResponse({ standardSchema: pkgApi.parametersSchema })
  parameters(): pkgApi.Parameters {
    return this.publicParameters.value;
  }

  @Post('token')
  @HttpCode(200)
  @ApiOkResponse({ standardSchema: tokenResponseSchema })
  async token(@Body({ schema: tokenRequestSchema }) request: TokenRequest): Promise<TokenResponse> {
    await this.register.inForce();
    return this.tokens.exchange(request);
  }

  @Post('enrolments')
  @ApiCreatedResponse({ standardSchema: pkgApi.enrolmentSchema })
  enrol(@Body({ schema: pkgApi.enrolmentRequestSchema }) request: pkgApi.EnrolmentRequest): Promise<pkgApi.Enrolment> {
    return this.enrolments.enrol(request);
  }

  @Post('enrolment-tokens/identity-providers')
  @ApiCreatedResponse({ standardSchema: pkgApi.enrolmentTokenSchema })
  async recognise(@Body({ schema: pkgApi.recognitionRequestSchema }) request: pkgApi.RecognitionRequest): Promise<pkgApi.EnrolmentToken> {
    const person = await this.providers.recognise(request);
    const { token, expiresAtMs } = await this.enrolmentTokens.createFor(person, fromBase64Url(request.publicKey));
    const { enrolmentId, role } = person;
    return { token: toBase64Url(token), enrolmentId, role, expiresAtMs };
  }

  @Get('issuers')
  @ApiOkResponse({ standardSchema: pkgApi.issuersSchema })
  issuers(): Promise<pkgApi.Issuers> {
    return this.accredited.list();
  }

  @Get('revocations')
  @ApiOkResponse({ standardSchema: pkgApi.revocationListSchema })
  revoked(): Promise<pkgApi.RevocationList> {
    return this.revocations.list();
  }
}
