import { EventPattern } from '@nestjs/microservices';

/**
 * Marks a controller method as the handler of a topic: `@OnTopic(TOPICS.grants) async onGrant(@Ctx() context: MessageContext)`.
 * It is Nest's `@EventPattern`, without the overload that refuses a typed context parameter.
 */
export const OnTopic = (topic: string): MethodDecorator => EventPattern<unknown>(topic);
