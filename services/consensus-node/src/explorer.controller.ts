import { Controller, Get, Param, Query } from '@nestjs/common';
import { type consensusNodeApi, contractApi, transactionIdSchema } from '@medveil/client';
import { fromHex, type Id } from '@medveil/encoding';
import { Scopes } from '@medveil/service-kit';
import { z } from 'zod';
import { ConsensusNode } from './node.js';

const waitSchema = z.strictObject({ waitMs: z.coerce.number().int().min(0).max(30_000).default(0) });

/** A block's height, or the hash of its header. */
const placeSchema = z.string().regex(/^(?:[1-9]\d{0,14}|[0-9a-f]{64})$/);

/** The ledger for everybody with a credential: blocks, transactions, state, each with what proves it. */
@Controller()
@Scopes('ledger:read')
export class ExplorerController {
  constructor(private readonly node: ConsensusNode) {}

  @Get('genesis')
  genesis() {
    return this.node.reader.genesis();
  }

  @Get('blocks')
  blocks(@Query({ schema: contractApi.blocksQuerySchema }) query: z.output<typeof contractApi.blocksQuerySchema>) {
    return this.node.reader.blocks(query);
  }

  @Get('blocks/:place')
  block(@Param('place', { schema: placeSchema }) place: string) {
    return this.node.reader.block(place.length === 64 ? fromHex(place) : Number(place));
  }

  @Get('replicas')
  replicas(): consensusNodeApi.Replicas {
    return this.node.replicas();
  }

  @Get('transactions/:id')
  transaction(@Param('id', { schema: transactionIdSchema }) id: Id<'txn'>, @Query({ schema: waitSchema }) { waitMs }: z.output<typeof waitSchema>) {
    return this.node.reader.transaction(id, waitMs, () => false);
  }

  @Get('replica-set-changes')
  replicaSetChanges(@Query({ schema: contractApi.replicaSetChangesQuerySchema }) { after }: z.output<typeof contractApi.replicaSetChangesQuerySchema>) {
    return this.node.reader.replicaSetChanges(after);
  }

  @Get('state')
  state(@Query({ schema: contractApi.stateQuerySchema }) { key }: z.output<typeof contractApi.stateQuerySchema>) {
    return this.node.reader.state(key);
  }
}
