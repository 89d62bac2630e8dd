import { Controller, Get, Header, Param, Query, StreamableFile } from '@nestjs/common';
import { claimIdSchema, institutionIdSchema, pageQuerySchema, researchApi } from '@medveil/client';
import { PART_TYPES, type PartType } from '@medveil/eligibility';
import type { Id } from '@medveil/encoding';
import { ApiOkResponse, Scopes, Shutdown } from '@medveil/service-kit';
import { z } from 'zod';
import { nextCursor, positionOf } from '../pages.js';
import { SCOPES } from '../scopes.js';
import { Deliveries } from './deliveries.js';

const partSchema = z.enum(PART_TYPES);

@Controller('institutions/:id/deliveries')
@Scopes(SCOPES.read)
export class DeliveriesController {
  constructor(
    private readonly deliveries: Deliveries,
    private readonly shutdown: Shutdown,
  ) {}

  @Get()
  @ApiOkResponse({ standardSchema: researchApi.deliveriesPageSchema })
  async list(@Param('id', { schema: institutionIdSchema }) id: Id<'ins'>, @Query({ schema: pageQuerySchema }) { cursor, limit }: z.output<typeof pageQuerySchema>) {
    const { rows, views } = await this.deliveries.page(id, positionOf(cursor), limit);
    return { items: views, nextCursor: nextCursor(rows, limit, ({ acceptedAtMs, claimId }) => ({ atMs: acceptedAtMs, id: claimId })) };
  }

  @Get(':claim')
  @ApiOkResponse({ standardSchema: researchApi.deliverySchema })
  get(
    @Param('id', { schema: institutionIdSchema }) id: Id<'ins'>,
    @Param('claim', { schema: claimIdSchema }) claimId: Id<'clm'>,
    @Query({ schema: researchApi.waitQuerySchema }) { waitMs }: z.output<typeof researchApi.waitQuerySchema>,
  ) {
    return this.deliveries.get(id, claimId, waitMs, this.shutdown.signal);
  }

  @Get(':claim/parts/:part')
  @Header('cache-control', 'no-store')
  @Scopes(SCOPES.deliveries)
  async part(
    @Param('id', { schema: institutionIdSchema }) id: Id<'ins'>,
    @Param('claim', { schema: claimIdSchema }) claimId: Id<'clm'>,
    @Param('part', { schema: partSchema }) part: PartType,
  ): Promise<StreamableFile> {
    return new StreamableFile(await this.deliveries.part(id, claimId, part), { type: 'application/fhir+json' });
  }
}
