import { Body, Controller, Get, HttpCode, Post } from '@nestjs/common';
import { pkgApi, type TokenRequest, tokenRequestSchema, type TokenResponse, tokenResponseSchema } from '@medveil/client';
import { TokenService } from '@medveil/host';
import { ApiCreatedResponse, ApiOkResponse, Public } from '@medveil/service-kit';
import { Enrolments } from './enrolments.js';
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
