import { deadLetterTopic, type Topic, TOPICS } from './topics.js';

interface Traffic {
  readonly writes: readonly Topic[];
  readonly reads: readonly Topic[];
}

/** Which service has to do with which topics: what a broker may let it do. All other services speak by HTTPS alone. */
const TRAFFIC: Readonly<Record<'pkg' | 'contract' | 'replica', Traffic>> = {
  pkg: { writes: [TOPICS.certificates], reads: [] },
  contract: { writes: [TOPICS.transactions], reads: [TOPICS.blocks] },
  replica: { writes: [TOPICS.consensus, TOPICS.blocks], reads: [TOPICS.transactions, TOPICS.consensus, TOPICS.certificates] },
};

/** @param service `pkg`, `contract`, or a replica's name. @returns undefined for one that has nothing to do with messages */
export function trafficOf(service: string): { readonly writes: readonly string[]; readonly reads: readonly string[] } | undefined {
  const kind = service.replace(/-\d+$/, '');
  if (kind !== 'pkg' && kind !== 'contract' && kind !== 'replica') return undefined;
  const { writes, reads } = TRAFFIC[kind];
  // Who reads a topic buries what it cannot handle.
  return { writes: [...writes, ...reads.map(deadLetterTopic)], reads };
}
