import { Controller, Get, Inject, Param, Query } from '@nestjs/common';
import { pageQuerySchema, patientApi, patientIdSchema } from '@medveil/client';
import { type Id, type RandomBytes, toBase64Url } from '@medveil/encoding';
import { auditEventPage, trailPage, TrailStore } from '@medveil/host';
import { sealView } from '@medveil/identity';
import { ApiOkResponse, RANDOM_BYTES, Scopes } from '@medveil/service-kit';
import type { z } from 'zod';
import { LedgerView } from '../ledger/ledger-view.js';
import { Keyring } from '../parties/keyring.js';
import { Patients } from '../parties/patients.js';
import { Pseudonyms } from '../parties/pseudonyms.js';
import { SCOPES } from '../scopes.js';

/** What on the ledger ever concerned a patient, over all pseudonyms, and the means to read it without this agent. */
@Controller('patients/:id')
export class TrailController {
  constructor(
    private readonly patients: Patients,
    private readonly trail: TrailStore,
    private readonly keyring: Keyring,
    private readonly pseudonyms: Pseudonyms,
    private readonly ledger: LedgerView,
    @Inject(RANDOM_BYTES) private readonly random: RandomBytes,
  ) {}

  @Get('trail')
  @Scopes(SCOPES.read)
  @ApiOkResponse({ standardSchema: patientApi.trailPageSchema })
  async entries(@Param('id', { schema: patientIdSchema }) id: Id<'pat'>, @Query({ schema: pageQuerySchema }) { cursor, limit }: z.output<typeof pageQuerySchema>) {
    await this.patients.get(id);
    return trailPage(this.trail, id, cursor, limit);
  }

  @Get('trail/fhir')
  @Scopes(SCOPES.read)
  async auditEvents(@Param('id', { schema: patientIdSchema }) id: Id<'pat'>, @Query({ schema: pageQuerySchema }) { cursor, limit }: z.output<typeof pageQuerySchema>) {
    await this.patients.get(id);
    return auditEventPage(this.trail, id, cursor, limit, this.ledger.chainId);
  }

  @Get('view')
  @Scopes(SCOPES.read)
  @ApiOkResponse({ standardSchema: patientApi.viewSchema })
  async view(@Param('id', { schema: patientIdSchema }) id: Id<'pat'>) {
    await this.patients.get(id);
    const { viewKey } = await this.keyring.of(id);
    const accounts = await this.pseudonyms.accountsOf(id);
    return { view: toBase64Url(sealView(viewKey, { chainId: this.ledger.chainId, accounts }, this.random)) };
  }
}
