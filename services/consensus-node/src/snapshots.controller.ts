import { Controller, Get, Query } from '@nestjs/common';
import { consensusNodeApi } from '@medveil/client';
import { fromHex, toBase64Url } from '@medveil/encoding';
import { encodeSnapshotManifest, encodeStateChunk } from '@medveil/ledger';
import { Scopes } from '@medveil/service-kit';
import type { z } from 'zod';
import { ConsensusNode } from './node.js';

/** The state for replicas that join or were away, each chunk with what proves it. One chunk is made at a time: it is the event loop's work. */
@Controller('snapshot')
@Scopes('ledger:read')
export class SnapshotsController {
  constructor(private readonly node: ConsensusNode) {}

  @Get()
  async manifest(): Promise<z.infer<typeof consensusNodeApi.snapshotSchema>> {
    const manifest = await this.node.ledger.proofs.snapshotManifest();
    return { manifest: manifest === null ? null : toBase64Url(encodeSnapshotManifest(manifest)) };
  }

  @Get('chunks')
  chunk(@Query({ schema: consensusNodeApi.chunkQuerySchema }) { height, from }: z.output<typeof consensusNodeApi.chunkQuerySchema>): z.infer<typeof consensusNodeApi.chunkSchema> {
    return { chunk: toBase64Url(encodeStateChunk(this.node.ledger.proofs.stateChunk(height, fromHex(from)))) };
  }
}
