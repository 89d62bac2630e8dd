import { Body, Controller, HttpCode, Post } from '@nestjs/common';
import { consensusNodeApi } from '@medveil/client';
import { fromBase64Url } from '@medveil/encoding';
import { type Admission, transactionIdOf } from '@medveil/ledger';
import { Scopes } from '@medveil/service-kit';
import type { z } from 'zod';
import { ConsensusNode } from './node.js';

/** Takes transactions from those who have no bus, or do not want to go over it. */
@Controller('transactions')
export class TransactionsController {
  constructor(private readonly node: ConsensusNode) {}

  @Post()
  @HttpCode(202)
  @Scopes('transactions:submit')
  async submit(@Body({ schema: consensusNodeApi.submitTransactionsSchema }) body: z.output<typeof consensusNodeApi.submitTransactionsSchema>): Promise<consensusNodeApi.SubmittedTransactions> {
    const transactions = body.transactions.map((text) => fromBase64Url(text));
    const admissions = await this.node.takeTransactions(transactions);
    return { items: transactions.map((bytes, index) => ({ transactionId: transactionIdOf(bytes), refused: refusalOf(admissions[index]) })) };
  }
}

const refusalOf = (admission: Admission | undefined): string | null => (admission?.ok === false ? admission.code : null);
