import { Body, Controller, Get, Header, HttpCode, Param, Post } from '@nestjs/common';
import { auditorApi } from '@medveil/client';
import { fromBase64Url, type Id, idSchema, toBase64Url } from '@medveil/encoding';
import { ApiOkResponse, Scopes } from '@medveil/service-kit';
import type { z } from 'zod';
import { SCOPES } from '../scopes.js';
import { Openings } from './openings.js';

const openingIdSchema = idSchema('opn');

@Controller('openings')
@Scopes(SCOPES.readOpenings)
export class OpeningsController {
  constructor(private readonly openings: Openings) {}

  @Post()
  @HttpCode(201)
  @Scopes(SCOPES.request)
  request(@Body({ schema: auditorApi.requestOpeningSchema }) request: z.infer<typeof auditorApi.requestOpeningSchema>): Promise<auditorApi.Opening> {
    return this.openings.request(request);
  }

  @Get(':id')
  @ApiOkResponse({ standardSchema: auditorApi.openingSchema })
  get(@Param('id', { schema: openingIdSchema }) id: Id<'opn'>): Promise<auditorApi.Opening> {
    return this.openings.get(id);
  }

  @Post(':id/approval')
  @HttpCode(200)
  @Scopes(SCOPES.answer)
  approve(@Param('id', { schema: openingIdSchema }) id: Id<'opn'>): Promise<auditorApi.Opening> {
    return this.openings.approve(id);
  }

  @Post(':id/share')
  @HttpCode(200)
  @Header('cache-control', 'no-store')
  @Scopes(SCOPES.answer)
  async share(@Param('id', { schema: openingIdSchema }) id: Id<'opn'>): Promise<z.infer<typeof auditorApi.sealedShareSchema>> {
    return { sealed: toBase64Url(await this.openings.share(id)) };
  }

  @Post(':id/identity')
  @HttpCode(200)
  @Header('cache-control', 'no-store')
  @Scopes(SCOPES.request)
  async identity(
    @Param('id', { schema: openingIdSchema }) id: Id<'opn'>,
    @Body({ schema: auditorApi.combineSchema }) { shares }: z.infer<typeof auditorApi.combineSchema>,
  ): Promise<z.infer<typeof auditorApi.identitySchema>> {
    return { enrolmentId: await this.openings.identity(id, shares.map(fromBase64Url)) };
  }
}
