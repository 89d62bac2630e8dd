import { Body, Controller, HttpCode, Post } from '@nestjs/common';
import { type TokenRequest, tokenRequestSchema, type TokenResponse } from '@medveil/client';
import { Public } from '@medveil/service-kit';
import { TokenService } from './tokens.js';

/** POST /v1/token of a service that gives out access tokens of its own; needs `TokenService` among the providers. */
@Controller('token')
export class TokenController {
  constructor(private readonly tokens: TokenService) {}

  /** RFC 6749, 4.4 with RFC 7523, 2.2. */
  @Post()
  @HttpCode(200)
  @Public()
  token(@Body({ schema: tokenRequestSchema }) request: TokenRequest): Promise<TokenResponse> {
    return this.tokens.exchange(request);
  }
}
