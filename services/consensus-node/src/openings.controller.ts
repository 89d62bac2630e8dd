import { Body, Controller, Header, HttpCode, Param, Post } from '@nestjs/common';
import { readAccount, readMember, readOpening } from '@medveil/agreements';
import { consensusNodeApi } from '@medveil/client';
import { CodedError, fromBase64Url, type Id, idSchema, type RandomBytes, toBase64Url } from '@medveil/encoding';
import { giveShare, type Network, type ShareHolder } from '@medveil/host';
import { Scopes } from '@medveil/service-kit';
import type { z } from 'zod';
import { ConsensusNode } from './node.js';

const openingIdSchema = idSchema('opn');

/** This replica's share of pseudonyms, and what it needs to give one; without a key it holds none. */
export class OpeningShares {
  constructor(
    readonly network: Network,
    readonly holder: ShareHolder | null,
    readonly random: RandomBytes,
  ) {}
}

/** Given for a request that this replica has itself executed, sealed to the auditor who made it. */
@Controller('openings')
export class OpeningsController {
  constructor(
    private readonly node: ConsensusNode,
    private readonly shares: OpeningShares,
  ) {}

  @Post(':id/share')
  @HttpCode(200)
  @Header('cache-control', 'no-store')
  @Scopes('openings:answer')
  async share(
    @Param('id', { schema: openingIdSchema }) openingId: Id<'opn'>,
    @Body({ schema: consensusNodeApi.shareRequestSchema }) { certificate }: z.infer<typeof consensusNodeApi.shareRequestSchema>,
  ): Promise<z.infer<typeof consensusNodeApi.sealedShareSchema>> {
    const { network, holder, random } = this.shares;
    const view = this.node.ledger.view();
    const opening = readOpening(view, openingId);
    const account = opening === null ? null : readAccount(view, opening.account);
    const requester = opening === null ? null : readMember(view, opening.requestedBy);
    if (opening === null || account === null || requester === null) throw new CodedError('consensus-node/unknown-opening', 'the ledger has no such request of an auditor');
    if (holder === null) throw new CodedError('consensus-node/no-share', 'this replica has no key for shares');
    return { sealed: toBase64Url(await giveShare(network, holder, { openingId, opening, account, requester }, fromBase64Url(certificate), random)) };
  }
}
