import { Body, Controller, Get, HttpCode, Param, Post, Query } from '@nestjs/common';
import { contractApi, transactionIdSchema } from '@medveil/client';
import { fromBase64Url, type Id } from '@medveil/encoding';
import { LedgerReader } from '@medveil/explorer';
import { Public, Scopes } from '@medveil/service-kit';
import { z } from 'zod';
import { Submissions } from './submissions.js';

const waitSchema = z.strictObject({ waitMs: z.coerce.number().int().min(0).max(30_000).default(0) });

/** Transactions in; blocks, receipts and state out, each with what proves it. */
@Controller()
export class LedgerController {
  constructor(
    private readonly reader: LedgerReader,
    private readonly submissions: Submissions,
  ) {}

  @Get('genesis')
  @Public()
  genesis() {
    return this.reader.genesis();
  }

  @Post('transactions')
  @HttpCode(202)
  @Scopes('transactions:submit')
  async submit(@Body({ schema: contractApi.submitTransactionSchema }) { transaction }: z.infer<typeof contractApi.submitTransactionSchema>) {
    return { transactionId: await this.submissions.submit(fromBase64Url(transaction)) };
  }

  @Get('transactions/:id')
  @Scopes('ledger:read')
  transaction(@Param('id', { schema: transactionIdSchema }) id: Id<'txn'>, @Query({ schema: waitSchema }) { waitMs }: z.output<typeof waitSchema>) {
    return this.reader.transaction(id, waitMs, (transactionId) => this.submissions.isPending(transactionId));
  }

  @Get('blocks')
  @Scopes('ledger:read')
  blocks(@Query({ schema: contractApi.blocksQuerySchema }) query: z.output<typeof contractApi.blocksQuerySchema>) {
    return this.reader.blocks(query);
  }

  @Get('replica-set-changes')
  @Scopes('ledger:read')
  replicaSetChanges(@Query({ schema: contractApi.replicaSetChangesQuerySchema }) { after }: z.output<typeof contractApi.replicaSetChangesQuerySchema>) {
    return this.reader.replicaSetChanges(after);
  }

  @Get('state')
  @Scopes('ledger:read')
  state(@Query({ schema: contractApi.stateQuerySchema }) { key }: z.output<typeof contractApi.stateQuerySchema>) {
    return this.reader.state(key);
  }
}
