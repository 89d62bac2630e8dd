import { Controller, Get, Query } from '@nestjs/common';
import { patientApi } from '@medveil/client';
import { ApiOkResponse, Scopes } from '@medveil/service-kit';
import type { z } from 'zod';
import { Population } from '../records/population.js';
import { SCOPES } from '../scopes.js';

/** The agent's patients together. */
@Controller('population')
export class PopulationController {
  constructor(private readonly population: Population) {}

  @Get('anonymity')
  @Scopes(SCOPES.read)
  @ApiOkResponse({ standardSchema: patientApi.anonymitySchema })
  anonymity(@Query({ schema: patientApi.anonymityQuerySchema }) { k }: z.output<typeof patientApi.anonymityQuerySchema>) {
    return this.population.anonymity(k);
  }
}
