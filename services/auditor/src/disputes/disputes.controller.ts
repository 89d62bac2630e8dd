import { Body, Controller, Get, HttpCode, Param, Post, Query } from '@nestjs/common';
import { auditorApi, claimIdSchema, pageQuerySchema } from '@medveil/client';
import type { Id } from '@medveil/encoding';
import { ApiOkResponse, decodeCursor, encodeCursor, Scopes } from '@medveil/service-kit';
import { z } from 'zod';
import { SCOPES } from '../scopes.js';
import { Disputes, viewOf } from './disputes.js';

const positionSchema = z.strictObject({ atMs: z.int(), id: z.string().max(100) });

@Controller('disputes')
@Scopes(SCOPES.read)
export class DisputesController {
  constructor(private readonly disputes: Disputes) {}

  @Get()
  @ApiOkResponse({ standardSchema: auditorApi.disputesPageSchema })
  async list(@Query({ schema: pageQuerySchema }) { cursor, limit }: z.output<typeof pageQuerySchema>) {
    const rows = await this.disputes.page(cursor === undefined ? undefined : decodeCursor(positionSchema, cursor), limit);
    const last = rows[limit - 1];
    const nextCursor = rows.length > limit && last !== undefined ? encodeCursor({ atMs: last.openedAtMs, id: last.claimId }) : null;
    return { items: rows.slice(0, limit).map(viewOf), nextCursor };
  }

  @Get(':claimId')
  @ApiOkResponse({ standardSchema: auditorApi.disputeSchema })
  get(@Param('claimId', { schema: claimIdSchema }) claimId: Id<'clm'>) {
    return this.disputes.get(claimId);
  }

  @Post(':claimId/approval')
  @HttpCode(202)
  @Scopes(SCOPES.rule)
  @ApiOkResponse({ standardSchema: auditorApi.disputeSchema })
  approve(@Param('claimId', { schema: claimIdSchema }) claimId: Id<'clm'>, @Body({ schema: auditorApi.approvalSchema }) { outcome }: z.infer<typeof auditorApi.approvalSchema>) {
    return this.disputes.approve(claimId, outcome);
  }
}
