import { Body, Controller, Get, HttpCode, Param, Post, Query } from '@nestjs/common';
import { pageQuerySchema, patientApi, patientIdSchema } from '@medveil/client';
import type { Id } from '@medveil/encoding';
import { ApiOkResponse, Caller, type Principal, Scopes } from '@medveil/service-kit';
import type { z } from 'zod';
import { SCOPES } from '../scopes.js';
import { FundsView } from '../vouchers/funds.js';
import { Payouts } from '../vouchers/payouts.js';
import { pageFrom, sequenceOf } from './pages.js';

/** What patients have earned, and its paying out. */
@Controller()
export class FundsController {
  constructor(
    private readonly funds: FundsView,
    private readonly payouts: Payouts,
  ) {}

  @Get('patients/:id/funds')
  @Scopes(SCOPES.read)
  @ApiOkResponse({ standardSchema: patientApi.fundsSchema })
  of(@Param('id', { schema: patientIdSchema }) id: Id<'pat'>): Promise<patientApi.Funds> {
    return this.funds.of(id);
  }

  @Post('patients/:id/payouts')
  @HttpCode(202)
  @Scopes(SCOPES.payout)
  async start(
    @Param('id', { schema: patientIdSchema }) patientId: Id<'pat'>,
    @Body({ schema: patientApi.startPayoutSchema }) { amount, reference }: z.output<typeof patientApi.startPayoutSchema>,
    @Caller() caller: Principal,
  ): Promise<patientApi.Payout> {
    return this.funds.payout(await this.payouts.start({ patientId, amount, reference, by: caller.subject }));
  }

  @Get('patients/:id/payouts')
  @Scopes(SCOPES.read)
  @ApiOkResponse({ standardSchema: patientApi.payoutsPageSchema })
  async list(@Param('id', { schema: patientIdSchema }) id: Id<'pat'>, @Query({ schema: pageQuerySchema }) query: z.output<typeof pageQuerySchema>) {
    const rows = await this.payouts.list(id, sequenceOf(query.cursor), query.limit + 1);
    const { items, nextCursor } = pageFrom(rows, query.limit, ({ sequence }) => sequence, (row) => row);
    return { items: await Promise.all(items.map((row) => this.funds.payout(row))), nextCursor };
  }

  @Get('payouts/:id')
  @Scopes(SCOPES.read)
  @ApiOkResponse({ standardSchema: patientApi.payoutSchema })
  async payout(@Param('id', { schema: patientApi.payoutIdSchema }) id: Id<'pay'>): Promise<patientApi.Payout> {
    return this.funds.payout(await this.payouts.get(id));
  }
}
