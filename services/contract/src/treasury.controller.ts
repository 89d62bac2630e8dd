import { Body, Controller, Get, HttpCode, Param, Post } from '@nestjs/common';
import { contractApi } from '@medveil/client';
import { Scopes } from '@medveil/service-kit';
import { z } from 'zod';
import { Treasury } from './treasury.js';

const referenceSchema = z.string().min(1).max(200);

/** Where this member keeps the treasury: credits against deposits made outside. */
@Controller('treasury/deposits')
@Scopes('treasury:mint')
export class TreasuryController {
  constructor(private readonly treasury: Treasury) {}

  @Post()
  @HttpCode(202)
  async deposit(@Body({ schema: contractApi.depositRequestSchema }) { account, amount, reference }: z.infer<typeof contractApi.depositRequestSchema>) {
    await this.treasury.deposit(account, amount, reference);
    return { reference, status: await this.treasury.status(reference) };
  }

  @Get(':reference')
  async status(@Param('reference', { schema: referenceSchema }) reference: string) {
    return { reference, status: await this.treasury.status(reference) };
  }
}
