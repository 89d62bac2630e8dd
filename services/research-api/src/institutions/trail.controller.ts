import { Controller, Get, Param, Query } from '@nestjs/common';
import { institutionIdSchema, pageQuerySchema, patientApi } from '@medveil/client';
import type { Id } from '@medveil/encoding';
import { trailPage, TrailStore } from '@medveil/host';
import { ApiOkResponse, Scopes } from '@medveil/service-kit';
import type { z } from 'zod';
import { SCOPES } from '../scopes.js';
import { Institutions } from './institutions.js';

/** What on the ledger concerned an institution, each entry with its proof. */
@Controller('institutions/:id/trail')
@Scopes(SCOPES.read)
export class TrailController {
  constructor(
    private readonly institutions: Institutions,
    private readonly trail: TrailStore,
  ) {}

  @Get()
  @ApiOkResponse({ standardSchema: patientApi.trailPageSchema })
  async list(@Param('id', { schema: institutionIdSchema }) id: Id<'ins'>, @Query({ schema: pageQuerySchema }) { cursor, limit }: z.output<typeof pageQuerySchema>) {
    await this.institutions.require(id);
    return trailPage(this.trail, id, cursor, limit);
  }
}
