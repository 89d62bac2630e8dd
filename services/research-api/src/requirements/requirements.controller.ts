import { Body, Controller, Get, HttpCode, Param, Post, Query } from '@nestjs/common';
import { institutionIdSchema, pageQuerySchema, researchApi } from '@medveil/client';
import { type Id, idSchema } from '@medveil/encoding';
import { ApiOkResponse, Scopes, Shutdown } from '@medveil/service-kit';
import type { z } from 'zod';
import { nextCursor, positionOf } from '../pages.js';
import { SCOPES } from '../scopes.js';
import type { RequirementRequest } from './compile-requirement.js';
import { Requirements } from './requirements.js';

const jobIdSchema = idSchema('job');

@Controller('institutions/:id/requirements')
@Scopes(SCOPES.read)
export class RequirementsController {
  constructor(
    private readonly requirements: Requirements,
    private readonly shutdown: Shutdown,
  ) {}

  @Post()
  @HttpCode(202)
  @Scopes(SCOPES.requirements)
  @ApiOkResponse({ standardSchema: researchApi.requirementStatusSchema })
  create(@Param('id', { schema: institutionIdSchema }) id: Id<'ins'>, @Body({ schema: researchApi.createRequirementSchema }) request: RequirementRequest) {
    return this.requirements.create(id, request);
  }

  @Get()
  @ApiOkResponse({ standardSchema: researchApi.requirementStatusesPageSchema })
  async list(@Param('id', { schema: institutionIdSchema }) id: Id<'ins'>, @Query({ schema: pageQuerySchema }) { cursor, limit }: z.output<typeof pageQuerySchema>) {
    const { rows, views } = await this.requirements.page(id, positionOf(cursor), limit);
    return { items: views, nextCursor: nextCursor(rows, limit, ({ createdAtMs, jobId }) => ({ atMs: createdAtMs, id: jobId })) };
  }

  @Get(':job')
  @ApiOkResponse({ standardSchema: researchApi.requirementStatusSchema })
  get(
    @Param('id', { schema: institutionIdSchema }) id: Id<'ins'>,
    @Param('job', { schema: jobIdSchema }) jobId: Id<'job'>,
    @Query({ schema: researchApi.waitQuerySchema }) { waitMs }: z.output<typeof researchApi.waitQuerySchema>,
  ) {
    return this.requirements.get(id, jobId, waitMs, this.shutdown.signal);
  }

  @Post(':job/closure')
  @HttpCode(200)
  @Scopes(SCOPES.requirements)
  @ApiOkResponse({ standardSchema: researchApi.requirementStatusSchema })
  close(@Param('id', { schema: institutionIdSchema }) id: Id<'ins'>, @Param('job', { schema: jobIdSchema }) jobId: Id<'job'>) {
    return this.requirements.close(id, jobId, this.shutdown.signal);
  }
}
