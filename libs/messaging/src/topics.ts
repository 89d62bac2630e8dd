/** Every topic of the system. What is published where, and by whom, is said with the message definitions. */
export const TOPICS = {
  /** transactions for the replicas to order */
  transactions: 'medveil.transactions',
  /** replica to replica; keyed by sender, so that order holds per sender */
  consensus: 'medveil.consensus',
  /** committed blocks with their certificates */
  blocks: 'medveil.blocks',
  /** accepted claims and revocations, for the proxy */
  grants: 'medveil.grants',
  /** deliveries made by the proxy */
  deliveries: 'medveil.deliveries',
  /** certificates issued and revoked */
  certificates: 'medveil.certificates',
} as const;

export type Topic = (typeof TOPICS)[keyof typeof TOPICS];

/** Where messages go that no attempt could handle, with the reason (`DeadLetter`). */
export const deadLetterTopic = <T extends string>(topic: T): `${T}.dead-letter` => `${topic}.dead-letter`;

export const isDeadLetterTopic = (topic: string): boolean => topic.endsWith('.dead-letter');
