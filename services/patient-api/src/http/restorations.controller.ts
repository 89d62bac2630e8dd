import { Body, Controller, HttpCode, Param, Post } from '@nestjs/common';
import { patientApi, patientIdSchema } from '@medveil/client';
import type { Id } from '@medveil/encoding';
import { ApiOkResponse, Scopes } from '@medveil/service-kit';
import type { z } from 'zod';
import { Patients } from '../parties/patients.js';
import { Restorations } from '../parties/restore.js';
import { SCOPES } from '../scopes.js';

/** A patient's seed, away and back. */
@Controller()
export class RestorationsController {
  constructor(
    private readonly patients: Patients,
    private readonly restorations: Restorations,
  ) {}

  @Post('patients/:id/backup')
  @HttpCode(200)
  @Scopes(SCOPES.backup)
  @ApiOkResponse({ standardSchema: patientApi.backupSchema })
  async backup(
    @Param('id', { schema: patientIdSchema }) patientId: Id<'pat'>,
    @Body({ schema: patientApi.backupRequestSchema }) { passphrase }: z.output<typeof patientApi.backupRequestSchema>,
  ) {
    return { patientId, backup: await this.restorations.backup(patientId, passphrase) };
  }

  @Post('restorations')
  @HttpCode(202)
  @Scopes(SCOPES.backup)
  async restore(@Body({ schema: patientApi.restorationSchema }) { patientId, label, backup }: z.output<typeof patientApi.restorationSchema>): Promise<patientApi.Patient> {
    await this.restorations.begin(patientId, label, backup);
    return this.patients.get(patientId);
  }
}
