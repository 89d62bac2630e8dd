import { Readable } from 'node:stream';
import { Body, Controller, Get, Headers, Param, Post, Query } from '@nestjs/common';
import { type PageQuery, pageQuerySchema, patientApi, patientIdSchema } from '@medveil/client';
import type { Id } from '@medveil/encoding';
import { ApiCreatedResponse, ApiOkResponse, Scopes } from '@medveil/service-kit';
import { z } from 'zod';
import { PatientApiError } from '../errors.js';
import { ExchangeStore } from '../exchanges/exchange-store.js';
import { Matcher } from '../matching/matcher.js';
import { Patients } from '../parties/patients.js';
import { Importer } from '../records/import.js';
import { SCOPES } from '../scopes.js';
import { pageFrom, sequenceOf } from './pages.js';

const lengthSchema = z.coerce.number().int().min(0);

/** Patients, their records, and what these match. */
@Controller('patients')
export class PatientsController {
  constructor(
    private readonly patients: Patients,
    private readonly importer: Importer,
    private readonly matcher: Matcher,
    private readonly exchanges: ExchangeStore,
  ) {}

  @Post()
  @Scopes(SCOPES.write)
  @ApiCreatedResponse({ standardSchema: patientApi.patientSchema })
  create(@Body({ schema: patientApi.createPatientSchema }) { label }: z.infer<typeof patientApi.createPatientSchema>): Promise<patientApi.Patient> {
    return this.patients.create(label);
  }

  @Get()
  @Scopes(SCOPES.read)
  @ApiOkResponse({ standardSchema: patientApi.patientsPageSchema })
  async list(@Query({ schema: pageQuerySchema }) query: z.output<typeof pageQuerySchema> & PageQuery) {
    const listed = await this.patients.list(sequenceOf(query.cursor), query.limit + 1);
    return pageFrom(listed, query.limit, ({ sequence }) => sequence, ({ patient }) => patient);
  }

  @Get(':id')
  @Scopes(SCOPES.read)
  @ApiOkResponse({ standardSchema: patientApi.patientSchema })
  patient(@Param('id', { schema: patientIdSchema }) id: Id<'pat'>): Promise<patientApi.Patient> {
    return this.patients.get(id);
  }

  /** The body is read as a stream, within its own limit. */
  @Post(':id/records')
  @Scopes(SCOPES.write)
  @ApiCreatedResponse({ standardSchema: patientApi.importedRecordSchema })
  async import(@Param('id', { schema: patientIdSchema }) id: Id<'pat'>, @Body() body: unknown, @Headers('content-length') length?: string): Promise<patientApi.ImportedRecord> {
    if (!(body instanceof Readable)) {
      throw new PatientApiError('patient-api/not-a-bundle-stream', 'a FHIR bundle comes as application/fhir+json');
    }
    const size = lengthSchema.safeParse(length);
    return this.importer.import(id, body, size.success ? size.data : undefined);
  }

  @Get(':id/matches')
  @Scopes(SCOPES.read)
  @ApiOkResponse({ standardSchema: patientApi.matchesSchema })
  async matches(@Param('id', { schema: patientIdSchema }) id: Id<'pat'>) {
    return { items: await this.matcher.matches(id) };
  }

  @Get(':id/earnings')
  @Scopes(SCOPES.read)
  @ApiOkResponse({ standardSchema: patientApi.earningsSchema })
  async earnings(@Param('id', { schema: patientIdSchema }) id: Id<'pat'>) {
    await this.patients.get(id);
    return { patientId: id, credits: await this.exchanges.earnings(id) };
  }
}
