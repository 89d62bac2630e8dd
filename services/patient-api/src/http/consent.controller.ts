import { Body, Controller, Get, HttpCode, Param, Post, Query } from '@nestjs/common';
import { type PageQuery, pageQuerySchema, patientApi, patientIdSchema, requirementIdSchema } from '@medveil/client';
import { consentFromFhir, consentToFhir, ruleIdSchema, type StandingRule, standingRuleSchema } from '@medveil/consent';
import { type Id, toBase64Url } from '@medveil/encoding';
import { ApiCreatedResponse, ApiOkResponse, Caller, type Principal, Scopes } from '@medveil/service-kit';
import type { z } from 'zod';
import { ConsentDecisions } from '../consent/decisions.js';
import { ConsentRules } from '../consent/rules.js';
import { StandingConsent } from '../consent/standing-consent.js';
import { Withdrawals } from '../consent/withdrawal.js';
import { SCOPES } from '../scopes.js';
import type { ConsentRuleRow } from '../tables.js';
import { pageFrom, sequenceOf } from './pages.js';

const decisionsQuerySchema = pageQuerySchema.extend({ outcome: patientApi.consentOutcomeSchema.optional() });

/** A patient's standing rules, what they decided, and the way back from all of it. */
@Controller('patients/:id')
export class ConsentController {
  constructor(
    private readonly rules: ConsentRules,
    private readonly decisions: ConsentDecisions,
    private readonly standing: StandingConsent,
    private readonly withdrawals: Withdrawals,
  ) {}

  @Post('consent-rules')
  @Scopes(SCOPES.exchange)
  @ApiCreatedResponse({ standardSchema: patientApi.consentRuleSchema })
  async make(
    @Param('id', { schema: patientIdSchema }) id: Id<'pat'>,
    @Body({ schema: standingRuleSchema }) rule: StandingRule,
    @Caller() caller: Principal,
  ): Promise<patientApi.ConsentRule> {
    return ruleView(await this.rules.make(id, rule, caller.subject));
  }

  @Get('consent-rules')
  @Scopes(SCOPES.read)
  @ApiOkResponse({ standardSchema: patientApi.consentRulesSchema })
  async list(
    @Param('id', { schema: patientIdSchema }) id: Id<'pat'>,
    @Query({ schema: patientApi.consentRulesQuerySchema }) { revoked }: z.output<typeof patientApi.consentRulesQuerySchema>,
  ) {
    return { items: (await this.rules.list(id, revoked)).map(ruleView) };
  }

  @Get('consent-rules/fhir')
  @Scopes(SCOPES.read)
  async fhir(@Param('id', { schema: patientIdSchema }) id: Id<'pat'>) {
    const rows = await this.rules.list(id, false);
    const entry = rows.map(({ rule, ruleId, createdAtMs }) => ({ resource: consentToFhir(rule, { ruleId, patientId: id, atMs: createdAtMs, isRevoked: false }) }));
    return { resourceType: 'Bundle', type: 'collection', ...(entry.length === 0 ? {} : { entry }) };
  }

  @Post('consent-rules/fhir')
  @Scopes(SCOPES.exchange)
  @ApiCreatedResponse({ standardSchema: patientApi.consentRuleSchema })
  async makeFromFhir(
    @Param('id', { schema: patientIdSchema }) id: Id<'pat'>,
    @Body({ schema: patientApi.fhirResourceSchema }) consent: z.output<typeof patientApi.fhirResourceSchema>,
    @Caller() caller: Principal,
  ): Promise<patientApi.ConsentRule> {
    return ruleView(await this.rules.make(id, consentFromFhir(consent), caller.subject));
  }

  @Post('consent-rules/:ruleId/revocation')
  @HttpCode(200)
  @Scopes(SCOPES.exchange)
  @ApiOkResponse({ standardSchema: patientApi.consentRuleSchema })
  async revoke(
    @Param('id', { schema: patientIdSchema }) id: Id<'pat'>,
    @Param('ruleId', { schema: ruleIdSchema }) ruleId: Id<'cns'>,
    @Caller() caller: Principal,
  ): Promise<patientApi.ConsentRule> {
    return ruleView(await this.rules.revoke(id, ruleId, caller.subject));
  }

  @Get('consent-statements')
  @Scopes(SCOPES.read)
  @ApiOkResponse({ standardSchema: patientApi.consentStatementsPageSchema })
  async statements(@Param('id', { schema: patientIdSchema }) id: Id<'pat'>, @Query({ schema: pageQuerySchema }) query: z.output<typeof pageQuerySchema> & PageQuery) {
    const kept = await this.rules.statements(id, sequenceOf(query.cursor), query.limit + 1);
    return pageFrom(kept, query.limit, ({ said }) => said.sequence + 1, ({ said, statement, signature }) => ({
      sequence: said.sequence, atMs: said.atMs, by: said.by, ruleId: said.ruleId, what: said.rule === null ? 'revoked' : 'made',
      statement: toBase64Url(statement), signature: toBase64Url(signature),
    }));
  }

  @Get('consent-evaluations/:requirementId')
  @Scopes(SCOPES.read)
  @ApiOkResponse({ standardSchema: patientApi.consentEvaluationSchema })
  evaluate(
    @Param('id', { schema: patientIdSchema }) id: Id<'pat'>,
    @Param('requirementId', { schema: requirementIdSchema }) requirementId: Id<'req'>,
  ): Promise<patientApi.ConsentEvaluation> {
    return this.standing.preview(id, requirementId);
  }

  @Get('consent-decisions')
  @Scopes(SCOPES.read)
  @ApiOkResponse({ standardSchema: patientApi.consentDecisionsPageSchema })
  async listDecisions(
    @Param('id', { schema: patientIdSchema }) id: Id<'pat'>,
    @Query({ schema: decisionsQuerySchema }) query: z.output<typeof decisionsQuerySchema>,
  ) {
    const rows = await this.decisions.list(id, query.outcome, sequenceOf(query.cursor), query.limit + 1);
    return pageFrom(rows, query.limit, ({ sequence }) => sequence, ({ decision }) => decision);
  }

  @Post('consent-decisions/:requirementId/answer')
  @HttpCode(200)
  @Scopes(SCOPES.exchange)
  @ApiOkResponse({ standardSchema: patientApi.consentDecisionSchema })
  async answer(
    @Param('id', { schema: patientIdSchema }) id: Id<'pat'>,
    @Param('requirementId', { schema: requirementIdSchema }) requirementId: Id<'req'>,
    @Body({ schema: patientApi.answerSchema }) { answer }: z.output<typeof patientApi.answerSchema>,
    @Caller() caller: Principal,
  ): Promise<patientApi.ConsentDecision> {
    return this.decisions.view(await this.decisions.answer(id, requirementId, answer, caller.subject));
  }

  @Post('withdrawal')
  @HttpCode(200)
  @Scopes(SCOPES.exchange)
  @ApiOkResponse({ standardSchema: patientApi.withdrawalSchema })
  withdraw(@Param('id', { schema: patientIdSchema }) id: Id<'pat'>, @Caller() caller: Principal): Promise<patientApi.Withdrawal> {
    return this.withdrawals.everything(id, caller.subject);
  }

  @Get('disclosures')
  @Scopes(SCOPES.read)
  @ApiOkResponse({ standardSchema: patientApi.disclosuresPageSchema })
  async disclosures(@Param('id', { schema: patientIdSchema }) id: Id<'pat'>, @Query({ schema: pageQuerySchema }) query: z.output<typeof pageQuerySchema> & PageQuery) {
    const rows = await this.withdrawals.disclosures(id, sequenceOf(query.cursor), query.limit + 1);
    return pageFrom(rows, query.limit, ({ sequence }) => sequence, ({ disclosure }) => disclosure);
  }
}

const ruleView = ({ ruleId, rule, createdAtMs, revokedAtMs }: ConsentRuleRow): patientApi.ConsentRule => ({ ruleId, rule, createdAtMs, revokedAtMs });
