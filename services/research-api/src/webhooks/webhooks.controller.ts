import { Body, Controller, Get, HttpCode, Param, Post } from '@nestjs/common';
import { institutionIdSchema, researchApi } from '@medveil/client';
import { type Id, idSchema } from '@medveil/encoding';
import { ApiCreatedResponse, ApiOkResponse, Scopes } from '@medveil/service-kit';
import type { z } from 'zod';
import { Institutions } from '../institutions/institutions.js';
import { SCOPES } from '../scopes.js';
import { Webhooks } from './webhooks.js';

@Controller('institutions/:id/webhooks')
@Scopes(SCOPES.webhooks)
export class WebhooksController {
  constructor(
    private readonly institutions: Institutions,
    private readonly webhooks: Webhooks,
  ) {}

  @Post()
  @ApiCreatedResponse({ standardSchema: researchApi.newWebhookSchema })
  async subscribe(@Param('id', { schema: institutionIdSchema }) id: Id<'ins'>, @Body({ schema: researchApi.createWebhookSchema }) { url, events }: z.output<typeof researchApi.createWebhookSchema>) {
    await this.institutions.require(id);
    return this.webhooks.subscribe(id, url, events);
  }

  @Get()
  @ApiOkResponse({ standardSchema: researchApi.webhooksSchema })
  async list(@Param('id', { schema: institutionIdSchema }) id: Id<'ins'>) {
    return { items: await this.webhooks.list(id) };
  }

  @Post(':webhook/removal')
  @HttpCode(204)
  async remove(@Param('id', { schema: institutionIdSchema }) id: Id<'ins'>, @Param('webhook', { schema: idSchema('whk') }) webhookId: Id<'whk'>): Promise<void> {
    await this.webhooks.remove(id, webhookId);
  }
}
