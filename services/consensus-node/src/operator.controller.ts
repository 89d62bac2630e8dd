import { Body, Controller, Get, HttpCode, Post } from '@nestjs/common';
import { consensusNodeApi } from '@medveil/client';
import { encodeCanonical, fromBase64Url, toBase64Url, toHex } from '@medveil/encoding';
import { Public, Scopes } from '@medveil/service-kit';
import type { z } from 'zod';
import { ConsensusNode } from './node.js';
import { decodeProposal, summary } from './proposals.js';

/** What the operator of one replica sees and decides. */
@Controller()
export class OperatorController {
  constructor(private readonly node: ConsensusNode) {}

  @Get('status')
  @Public()
  async status(): Promise<consensusNodeApi.NodeStatus> {
    const { head, ...status } = await this.node.status();
    return { ...status, headHash: toHex(head.hash), stateRoot: toHex(head.stateRoot), headTimeMs: head.header.timeMs };
  }

  @Get('evidence')
  @Scopes('ledger:read')
  evidence() {
    return { items: this.node.evidence().map(toBase64Url) };
  }

  @Get('proposals')
  @Scopes('consensus:vote')
  proposals(): z.infer<typeof consensusNodeApi.proposalsSchema> {
    const items = this.node.proposals.list(this.node.ledger.view(), this.node.operatorAccount).map(({ known, voted }) => ({
      proposalId: known.proposalId,
      proposal: toBase64Url(encodeCanonical(known.proposal)),
      summary: summary(known.proposal),
      voted,
    }));
    return { items };
  }

  /** Prepares the replica's next key and proposes it: the answer is the proposal that the other members are to vote for. */
  @Post('replica-key/rotation')
  @HttpCode(202)
  @Scopes('consensus:vote')
  async rotate(): Promise<z.infer<typeof consensusNodeApi.rotationSchema>> {
    const { proposalId, proposal } = await this.node.rotateKey();
    return { proposalId, proposal: toBase64Url(encodeCanonical(proposal)) };
  }

  @Post('votes')
  @HttpCode(202)
  @Scopes('consensus:vote')
  vote(@Body({ schema: consensusNodeApi.voteRequestSchema }) { proposal }: z.infer<typeof consensusNodeApi.voteRequestSchema>): void {
    const known = decodeProposal(fromBase64Url(proposal));
    this.node.proposals.add(known);
    this.node.vote(known);
  }
}
