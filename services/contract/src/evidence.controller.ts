import { Body, Controller, Get, Header, HttpCode, Param, Put } from '@nestjs/common';
import { claimIdSchema, contractApi } from '@medveil/client';
import { fromBase64Url, type Id, toBase64Url } from '@medveil/encoding';
import { Scopes } from '@medveil/service-kit';
import type { z } from 'zod';
import { EvidenceStore } from './evidence-store.js';

type Evidence = z.infer<typeof contractApi.evidenceSchema>;

/** From the institution that disputes to the auditors: sealed, and held to the hash on the ledger. */
@Controller('evidence')
export class EvidenceController {
  constructor(private readonly store: EvidenceStore) {}

  @Put(':claimId')
  @HttpCode(204)
  @Scopes('transactions:submit')
  put(@Param('claimId', { schema: claimIdSchema }) claimId: Id<'clm'>, @Body({ schema: contractApi.evidenceSchema }) { evidence }: Evidence): Promise<void> {
    return this.store.put(claimId, fromBase64Url(evidence));
  }

  @Get(':claimId')
  @Header('cache-control', 'no-store')
  @Scopes('evidence:read')
  async get(@Param('claimId', { schema: claimIdSchema }) claimId: Id<'clm'>): Promise<Evidence> {
    return { evidence: toBase64Url(await this.store.get(claimId)) };
  }
}
