import { Body, Controller, Get, HttpCode, Param, Put, Query } from '@nestjs/common';
import { decodePolicy, policyHash } from '@medveil/eligibility';
import { accountIdSchema, claimIdSchema, contractApi, pageQuerySchema, requirementIdSchema } from '@medveil/client';
import { type Clock, CodedError, equalBytes, fromBase64Url, type Id, toBase64Url } from '@medveil/encoding';
import { CLOCK, Scopes } from '@medveil/service-kit';
import { Inject } from '@nestjs/common';
import { z } from 'zod';
import { Circuits } from './circuits.js';
import { PolicyStore } from './policy-store.js';
import { ReadModel } from './read-model.js';

const claimsQuerySchema = pageQuerySchema.extend({ requirementId: requirementIdSchema.optional() });

/** The read model, and the policies behind the hashes. */
@Controller()
@Scopes('ledger:read')
export class RequirementsController {
  constructor(
    private readonly model: ReadModel,
    private readonly policies: PolicyStore,
    private readonly known: Circuits,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  @Get('requirements')
  requirements(@Query({ schema: pageQuerySchema }) query: z.output<typeof pageQuerySchema>) {
    return this.model.requirements(query);
  }

  @Get('requirements/:id')
  requirement(@Param('id', { schema: requirementIdSchema }) id: Id<'req'>) {
    return this.model.requirement(id);
  }

  /** Whoever has the policy may bring it: it must hash to what the institution signed. */
  @Put('policies/:id')
  @HttpCode(204)
  @Scopes('transactions:submit')
  async putPolicy(
    @Param('id', { schema: requirementIdSchema }) id: Id<'req'>,
    @Body({ schema: contractApi.putPolicySchema }) { policy }: z.infer<typeof contractApi.putPolicySchema>,
  ): Promise<void> {
    const bytes = fromBase64Url(policy);
    if (!equalBytes(policyHash(decodePolicy(bytes)), this.model.policyHash(id))) {
      throw new CodedError('contract/policy-mismatch', 'the policy does not hash to the one that the requirement names');
    }
    await this.policies.put(id, bytes, this.clock());
  }

  /** All policies of open requirements at once: whoever asks for one would tell what they look for. */
  @Get('policies')
  async allPolicies(): Promise<contractApi.Policies> {
    const open = this.model.openRequirements();
    const kept = await this.policies.all();
    return {
      items: kept
        .filter(({ requirementId }) => open.has(requirementId))
        .map(({ requirementId, policy }) => ({ requirementId: requirementId as Id<'req'>, policy: toBase64Url(policy) })),
    };
  }

  @Get('claims')
  claims(@Query({ schema: claimsQuerySchema }) query: z.output<typeof claimsQuerySchema>) {
    return this.model.claims(query);
  }

  @Get('claims/:id')
  claim(@Param('id', { schema: claimIdSchema }) id: Id<'clm'>) {
    return this.model.claim(id);
  }

  @Get('accounts/:id')
  account(@Param('id', { schema: accountIdSchema }) id: Id<'acc'>) {
    return this.model.account(id);
  }

  @Get('totals')
  totals() {
    return this.model.totals();
  }

  @Get('circuits')
  circuits() {
    return this.known.list();
  }
}
