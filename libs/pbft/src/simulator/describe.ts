import type { CommitCertificate, PreparedCertificate } from '../certificates.js';
import type { Message } from '../messages.js';

/** How a digest is called in a text for people. */
export type NameOf = (digest: Uint8Array) => string;

/** By digest, unless said otherwise. */
function describeBody({ proposal, outline }: Extract<Message, { type: 'pre-prepare' }>): string {
  if (proposal !== null) return ' with its body';
  return outline === null ? ' alone' : '';
}

/** A message in one line. */
export function describeMessage(message: Message, nameOf: NameOf): string {
  const kind = message.type.toUpperCase();
  switch (message.type) {
    case 'pre-prepare':
      return `${kind} v${message.view} n${message.sequence} ${nameOf(message.digest)}${describeBody(message)}`;
    case 'prepare':
    case 'commit':
      return `${kind} v${message.view} n${message.sequence} ${nameOf(message.digest)}`;
    case 'checkpoint':
      return `${kind} n${message.sequence}`;
    case 'view-change':
      return `${kind} v${message.newView}, ${describeBase(message.base, nameOf)}, prepared ${listed(message.prepared, (p) => describePrepared(p, nameOf))}`;
    case 'new-view':
      return `${kind} v${message.view} of ${message.viewChanges.map((v) => v.replica).join(' ')}, proposes ${listed(message.prePrepares, (p) => `n${p.sequence} ${nameOf(p.digest)}`)}`;
    case 'status':
      return describeStatus(message);
    case 'fetch':
      return `${kind} n${message.from}…n${message.until}`;
    case 'fetched':
      return `${kind} ${listed(message.blocks, ({ certificate }) => `n${certificate.sequence} ${nameOf(certificate.digest)}`)}${message.stable === null ? '' : `, stable n${message.stable.sequence}`}`;
    case 'fetch-proposal':
      return `${kind} n${message.sequence} ${nameOf(message.digest)}`;
    case 'proposal':
      return `${kind} n${message.sequence}`;
    case 'request':
    default:
      return `${kind} of ${message.transactions.length}`;
  }
}

export const describePrepared = ({ view, sequence, digest }: PreparedCertificate, nameOf: NameOf): string => `v${view} n${sequence} ${nameOf(digest)}`;

const describeBase = (base: CommitCertificate | null, nameOf: NameOf): string =>
  base === null ? 'on genesis' : `on n${base.sequence} ${nameOf(base.digest)}`;

const listed = <T>(items: readonly T[], describe: (item: T) => string): string => (items.length === 0 ? 'nothing' : items.map(describe).join(', '));

function describeStatus({ view, active, committed, inAgreement, viewChanges }: Extract<Message, { type: 'status' }>): string {
  const place = `STATUS v${view}${active ? '' : ' (changing)'}, block ${committed}`;
  const known = inAgreement.map(({ prePrepared, prepares, commits }) => `${prePrepared ? 'PRE-PREPARE' : 'no PRE-PREPARE'}, PREPAREs of ${listed(prepares, String)}, COMMITs of ${listed(commits, String)}`);
  return active ? `${place}: ${known.join('; ')}` : `${place}, VIEW-CHANGEs of ${listed(viewChanges, String)}`;
}
