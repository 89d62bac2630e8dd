import { Controller } from '@nestjs/common';
import { Payload } from '@nestjs/microservices';
import { OnTopic, TOPICS } from '@medveil/messaging';
import { FollowerLedger } from './follower-ledger.js';

@Controller()
export class BlocksController {
  constructor(private readonly follower: FollowerLedger) {}

  @OnTopic(TOPICS.blocks)
  block(@Payload() { block, certificate }: { readonly block: Uint8Array; readonly certificate: Uint8Array }): void {
    this.follower.take(block, certificate);
  }
}
