import { Controller } from '@nestjs/common';
import { Ctx, Payload } from '@nestjs/microservices';
import { isCodedError } from '@medveil/encoding';
import { BLOCK_COMMITTED, CONSENSUS_MESSAGE, isMessage, MEMBER_ENROLLED, MessageContext, OnTopic, TOPICS, UnprocessableMessageError } from '@medveil/messaging';
import { ConsensusNode } from './node.js';
import { decodeProposal, type KnownProposal } from './proposals.js';

/** What the bus brings: transactions to order, other replicas' messages, members to decide about. */
@Controller()
export class MessagesController {
  constructor(private readonly node: ConsensusNode) {}

  @OnTopic(TOPICS.transactions)
  async transaction(@Payload() payload: { readonly transaction: Uint8Array }): Promise<void> {
    await this.node.takeTransactions([payload.transaction]);
  }

  @OnTopic(TOPICS.consensus)
  consensus(@Payload() payload: { readonly to: string | null; readonly bytes: Uint8Array }, @Ctx() context: MessageContext): void {
    const { sender } = context.message;
    if (sender === this.node.name || (payload.to !== null && payload.to !== this.node.name)) return;
    this.node.takeConsensusMessage(sender, payload.bytes);
  }

  @OnTopic(TOPICS.certificates)
  certificates(@Payload() payload: { readonly proposal?: Uint8Array }, @Ctx() context: MessageContext): void {
    if (!isMessage(context.message, MEMBER_ENROLLED) || payload.proposal === undefined) return;
    this.node.takeProposal(readProposal(payload.proposal));
  }
}

/** @throws UnprocessableMessageError: reading it again would not help */
function readProposal(bytes: Uint8Array): KnownProposal {
  try {
    return decodeProposal(bytes);
  } catch (cause) {
    throw new UnprocessableMessageError(isCodedError(cause) ? cause.code : 'consensus-node/bad-proposal');
  }
}

/** What a node understands; of the rest it drops everything. */
export const UNDERSTOOD = [CONSENSUS_MESSAGE, MEMBER_ENROLLED, BLOCK_COMMITTED] as const;
