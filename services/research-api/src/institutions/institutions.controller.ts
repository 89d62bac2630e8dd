import { Body, Controller, Get, HttpCode, Param, Post, Query } from '@nestjs/common';
import { institutionIdSchema, pageQuerySchema, researchApi } from '@medveil/client';
import type { Id } from '@medveil/encoding';
import { ApiOkResponse, Scopes, Shutdown } from '@medveil/service-kit';
import type { z } from 'zod';
import { nextCursor, positionOf } from '../pages.js';
import { SCOPES } from '../scopes.js';
import { Institutions } from './institutions.js';

@Controller('institutions')
@Scopes(SCOPES.read)
export class InstitutionsController {
  constructor(
    private readonly institutions: Institutions,
    private readonly shutdown: Shutdown,
  ) {}

  @Post()
  @HttpCode(202)
  @Scopes(SCOPES.institutions)
  @ApiOkResponse({ standardSchema: researchApi.institutionSchema })
  create(@Body({ schema: researchApi.createInstitutionSchema }) request: researchApi.CreateInstitution) {
    return this.institutions.create(request);
  }

  @Get()
  @ApiOkResponse({ standardSchema: researchApi.institutionsPageSchema })
  async list(@Query({ schema: pageQuerySchema }) { cursor, limit }: z.output<typeof pageQuerySchema>) {
    const { rows, views } = await this.institutions.page(positionOf(cursor), limit);
    return { items: views, nextCursor: nextCursor(rows, limit, ({ createdAtMs, institutionId }) => ({ atMs: createdAtMs, id: institutionId })) };
  }

  @Get(':id')
  @ApiOkResponse({ standardSchema: researchApi.institutionSchema })
  get(@Param('id', { schema: institutionIdSchema }) id: Id<'ins'>, @Query({ schema: researchApi.waitQuerySchema }) { waitMs }: z.output<typeof researchApi.waitQuerySchema>) {
    return this.institutions.get(id, waitMs, this.shutdown.signal);
  }
}
