import { Controller } from '@nestjs/common';
import { Payload } from '@nestjs/microservices';
import { isCodedError } from '@medveil/encoding';
import { OnTopic, TOPICS, UnprocessableMessageError } from '@medveil/messaging';
import { FollowerLedger } from './follower-ledger.js';

@Controller()
export class BlocksController {
  constructor(private readonly follower: FollowerLedger) {}

  @OnTopic(TOPICS.blocks)
  block(@Payload() { block, certificate }: { readonly block: Uint8Array; readonly certificate: Uint8Array }): void {
    try {
      this.follower.take(block, certificate);
    } catch (error) {
      // Not in its form: reading it again would not help.
      throw isCodedError(error) ? new UnprocessableMessageError(error.code) : error;
    }
  }
}
