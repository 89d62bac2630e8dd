import { Body, Controller, Get, HttpCode, Inject, Param, Post, Query } from '@nestjs/common';
import { exchangeIdSchema, type PageQuery, pageQuerySchema, patientApi, patientIdSchema } from '@medveil/client';
import type { Clock, Id } from '@medveil/encoding';
import { ApiOkResponse, Caller, CLOCK, type Principal, Scopes, Shutdown } from '@medveil/service-kit';
import type { z } from 'zod';
import { Changes } from '../exchanges/changes.js';
import { ExchangeStarter } from '../exchanges/begin.js';
import { ExchangeStore, exchangeView } from '../exchanges/exchange-store.js';
import { isOver } from '../exchanges/phases.js';
import { ExchangeRunner } from '../exchanges/runner.js';
import { SCOPES } from '../scopes.js';
import { pageFrom, sequenceOf } from './pages.js';

/** Consent to exchanges, their progress, and their withdrawal. */
@Controller()
export class ExchangesController {
  constructor(
    private readonly starter: ExchangeStarter,
    private readonly runner: ExchangeRunner,
    private readonly store: ExchangeStore,
    private readonly changes: Changes,
    private readonly shutdown: Shutdown,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  @Post('patients/:id/exchanges')
  @HttpCode(202)
  @Scopes(SCOPES.exchange)
  async start(
    @Param('id', { schema: patientIdSchema }) patientId: Id<'pat'>,
    @Body({ schema: patientApi.startExchangeSchema }) request: z.output<typeof patientApi.startExchangeSchema>,
    @Caller() caller: Principal,
  ): Promise<patientApi.Exchange> {
    return exchangeView(await this.starter.start({ ...request, patientId, by: caller.subject }));
  }

  @Get('exchanges')
  @Scopes(SCOPES.read)
  @ApiOkResponse({ standardSchema: patientApi.exchangesPageSchema })
  async list(@Query({ schema: pageQuerySchema }) query: z.output<typeof pageQuerySchema> & PageQuery) {
    const rows = await this.store.list(sequenceOf(query.cursor), query.limit + 1);
    return pageFrom(rows, query.limit, ({ sequence }) => sequence, exchangeView);
  }

  /** Waits for news, if asked to. */
  @Get('exchanges/:id')
  @Scopes(SCOPES.read)
  @ApiOkResponse({ standardSchema: patientApi.exchangeSchema })
  async exchange(
    @Param('id', { schema: exchangeIdSchema }) id: Id<'exc'>,
    @Query({ schema: patientApi.exchangeQuerySchema }) { waitMs, sinceMs }: z.output<typeof patientApi.exchangeQuerySchema>,
  ): Promise<patientApi.Exchange> {
    const deadlineMs = this.clock() + waitMs;
    let row = await this.store.get(id);
    const knownMs = sinceMs ?? row.updatedAtMs;
    while (row.updatedAtMs <= knownMs && !isOver(row.phase) && this.clock() < deadlineMs && !this.shutdown.signal.aborted) {
      // News between the reading and the waiting are seen at the latest after a second.
      await this.changes.next(id, Math.min(1_000, deadlineMs - this.clock()), this.shutdown.signal);
      row = await this.store.get(id);
    }
    return exchangeView(row);
  }

  @Post('exchanges/:id/revocation')
  @HttpCode(202)
  @Scopes(SCOPES.exchange)
  async revoke(
    @Param('id', { schema: exchangeIdSchema }) id: Id<'exc'>,
    @Body({ schema: patientApi.revokeExchangeSchema }) { when }: z.output<typeof patientApi.revokeExchangeSchema>,
  ): Promise<void> {
    await this.runner.revoke(id, when);
  }
}
