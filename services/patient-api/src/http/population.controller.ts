import { Body, Controller, Get, HttpCode, Param, Post, Query, StreamableFile } from '@nestjs/common';
import { Readable } from 'node:stream';
import { patientApi, requirementIdSchema } from '@medveil/client';
import type { Id } from '@medveil/encoding';
import { ApiOkResponse, Scopes } from '@medveil/service-kit';
import type { z } from 'zod';
import { PatientApiError } from '../errors.js';
import { Requirements } from '../ledger/requirements.js';
import { BulkImporter } from '../records/bulk-import.js';
import { Population } from '../records/population.js';
import { Screening } from '../records/searchable.js';
import { SCOPES } from '../scopes.js';

const SHOWN_PATIENTS = 1_000;

/** The agent's patients together. */
@Controller()
export class PopulationController {
  constructor(
    private readonly population: Population,
    private readonly requirements: Requirements,
    private readonly screeningOf: Screening,
    private readonly bulk: BulkImporter,
  ) {}

  @Get('population/anonymity')
  @Scopes(SCOPES.read)
  @ApiOkResponse({ standardSchema: patientApi.anonymitySchema })
  anonymity(@Query({ schema: patientApi.anonymityQuerySchema }) { k }: z.output<typeof patientApi.anonymityQuerySchema>) {
    return this.population.anonymity(k);
  }

  @Get('population/screening/:requirementId')
  @Scopes(SCOPES.read)
  @ApiOkResponse({ standardSchema: patientApi.screeningSchema })
  async screening(@Param('requirementId', { schema: requirementIdSchema }) requirementId: Id<'req'>) {
    const { policy } = await this.requirements.get(requirementId);
    if (policy === null) throw new PatientApiError('patient-api/policy-not-held', 'the policy behind this requirement has not been published yet; try again');
    const matching = new Set<Id<'pat'>>();
    let [records, matchingRecords] = [0, 0];
    for await (const { patientId, matches } of this.screeningOf.all(policy)) {
      records += 1;
      if (!matches) continue;
      matchingRecords += 1;
      matching.add(patientId);
    }
    return { requirementId, records, matchingRecords, matchingPatients: matching.size, patients: [...matching].slice(0, SHOWN_PATIENTS) };
  }

  /** The body is read as a stream, one line at a time. */
  @Post('imports')
  @HttpCode(200)
  @Scopes(SCOPES.write)
  import(@Body() body: unknown): StreamableFile {
    if (!(body instanceof Readable)) throw new PatientApiError('patient-api/not-ndjson', 'bundles in bulk come as application/fhir+ndjson');
    return new StreamableFile(Readable.from(reportsOf(this.bulk.import(body))), { type: 'application/x-ndjson' });
  }
}

async function* reportsOf(lines: AsyncIterable<patientApi.BulkLine>): AsyncIterable<string> {
  for await (const line of lines) yield `${JSON.stringify(line)}\n`;
}
