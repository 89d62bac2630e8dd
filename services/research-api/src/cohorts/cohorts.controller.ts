import { Readable } from 'node:stream';
import { Controller, Get, Header, Inject, Param, Query, StreamableFile } from '@nestjs/common';
import { institutionIdSchema, researchApi } from '@medveil/client';
import { type Clock, type Id, idSchema } from '@medveil/encoding';
import { ApiOkResponse, CLOCK, Scopes } from '@medveil/service-kit';
import type { z } from 'zod';
import { SCOPES } from '../scopes.js';
import { Cohorts } from './cohorts.js';

const jobSchema = idSchema('job');
type AsOf = z.output<typeof researchApi.exportQuerySchema>;

/** A requirement's cohort. The files hold medical data: they need the scope of the parts themselves. */
@Controller('institutions/:id/requirements/:job/cohort')
@Scopes(SCOPES.read)
export class CohortsController {
  constructor(
    private readonly cohorts: Cohorts,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  @Get()
  @ApiOkResponse({ standardSchema: researchApi.cohortSchema })
  view(
    @Param('id', { schema: institutionIdSchema }) id: Id<'ins'>,
    @Param('job', { schema: jobSchema }) jobId: Id<'job'>,
    @Query({ schema: researchApi.cohortQuerySchema }) { k }: z.output<typeof researchApi.cohortQuerySchema>,
  ) {
    return this.cohorts.view(id, jobId, k);
  }

  @Get('manifest')
  @Scopes(SCOPES.deliveries)
  @ApiOkResponse({ standardSchema: researchApi.cohortManifestSchema })
  manifest(@Param('id', { schema: institutionIdSchema }) id: Id<'ins'>, @Param('job', { schema: jobSchema }) jobId: Id<'job'>, @Query({ schema: researchApi.exportQuerySchema }) { asOfMs }: AsOf) {
    return this.cohorts.manifest(id, jobId, asOfMs ?? this.clock());
  }

  @Get('records.ndjson')
  @Header('cache-control', 'no-store')
  @Scopes(SCOPES.deliveries)
  ndjson(@Param('id', { schema: institutionIdSchema }) id: Id<'ins'>, @Param('job', { schema: jobSchema }) jobId: Id<'job'>, @Query({ schema: researchApi.exportQuerySchema }) { asOfMs }: AsOf): Promise<StreamableFile> {
    return streamed(this.cohorts.ndjson(id, jobId, asOfMs ?? this.clock()), 'application/fhir+ndjson');
  }

  @Get('observations.csv')
  @Header('cache-control', 'no-store')
  @Scopes(SCOPES.deliveries)
  csv(@Param('id', { schema: institutionIdSchema }) id: Id<'ins'>, @Param('job', { schema: jobSchema }) jobId: Id<'job'>, @Query({ schema: researchApi.exportQuerySchema }) { asOfMs }: AsOf): Promise<StreamableFile> {
    return streamed(this.cohorts.csv(id, jobId, asOfMs ?? this.clock()), 'text/csv');
  }
}

/** The first piece is waited for, so that a refusal is an answer and not a stream that breaks off. */
async function streamed(pieces: AsyncIterable<string>, type: string): Promise<StreamableFile> {
  const iterator = pieces[Symbol.asyncIterator]();
  const first = await iterator.next();
  async function* all(): AsyncIterable<string> {
    for (let next = first; next.done !== true; next = await iterator.next()) yield next.value;
  }
  return new StreamableFile(Readable.from(all()), { type });
}
