import { type CborValue, decodeCanonical, encodeCanonical } from '@medveil/encoding';
import {
  certifiedProposal,
  checkpointCertificate,
  commitCertificate,
  hash,
  MAX_PROPOSAL_BYTES,
  preparedCertificate,
  signature,
} from './certificate-codec.js';
import { bytesUpTo, count, type Decode, fields, flag, list, literal, malformed, nullable } from './decode.js';
import type {
  Checkpoint,
  Commit,
  Fetch,
  Fetched,
  FetchProposal,
  Message,
  MessageType,
  NewView,
  NewViewProposal,
  Prepare,
  PrePrepare,
  Proposal,
  Request,
  Status,
  StatusOfSequence,
  ViewChange,
} from './messages.js';
import { plain } from './payloads.js';
import { MAX_REPLICAS } from './replica-set.js';

const MAX_TRANSACTIONS = 4_096;
const MAX_BLOCKS = 256;
/** Sequence numbers that may be in agreement at once, and so be prepared above the last certified one. */
export const MAX_IN_FLIGHT = 8;

const body = bytesUpTo(MAX_PROPOSAL_BYTES);
const replicas = list(count, MAX_REPLICAS);
const signed = { epoch: count, replica: count, signature } as const;

export const prePrepare = fields<PrePrepare>({
  type: literal('pre-prepare'),
  view: count,
  sequence: count,
  digest: hash,
  previousDigest: hash,
  proposal: nullable(body),
  outline: nullable(body),
  ...signed,
});

export const viewChange = fields<ViewChange>({
  type: literal('view-change'),
  newView: count,
  base: nullable(commitCertificate),
  prepared: list(preparedCertificate, MAX_IN_FLIGHT),
  ...signed,
});

export const newView = fields<NewView>({
  type: literal('new-view'),
  view: count,
  viewChanges: list(viewChange, MAX_REPLICAS),
  prePrepares: list(fields<NewViewProposal>({ sequence: count, digest: hash, previousDigest: hash, signature }), MAX_IN_FLIGHT),
  ...signed,
});

const decoders: { readonly [T in MessageType]: Decode<Extract<Message, { type: T }>> } = {
  request: fields<Request>({ type: literal('request'), transactions: list(body, MAX_TRANSACTIONS), ...signed }),
  'pre-prepare': prePrepare,
  prepare: fields<Prepare>({ type: literal('prepare'), view: count, sequence: count, digest: hash, previousDigest: hash, ...signed }),
  commit: fields<Commit>({ type: literal('commit'), view: count, sequence: count, digest: hash, ...signed }),
  checkpoint: fields<Checkpoint>({ type: literal('checkpoint'), sequence: count, stateDigest: hash, ...signed }),
  'view-change': viewChange,
  'new-view': newView,
  status: fields<Status>({
    type: literal('status'),
    view: count,
    active: flag,
    committed: count,
    stable: count,
    inAgreement: list(fields<StatusOfSequence>({ prePrepared: flag, prepares: replicas, commits: replicas }), MAX_IN_FLIGHT),
    viewChanges: replicas,
    ...signed,
  }),
  fetch: fields<Fetch>({ type: literal('fetch'), from: count, until: count }),
  fetched: fields<Fetched>({
    type: literal('fetched'),
    blocks: list(certifiedProposal, MAX_BLOCKS),
    stable: nullable(checkpointCertificate),
  }),
  'fetch-proposal': fields<FetchProposal>({ type: literal('fetch-proposal'), sequence: count, digest: hash, ...signed }),
  proposal: fields<Proposal>({ type: literal('proposal'), sequence: count, proposal: body, ...signed }),
};

/** Canonical CBOR of the message object. */
export const encodeMessage = (message: Message): Uint8Array => encodeCanonical(plain(message));

/**
 * Only the form is checked; see `verifyMessage` for signatures and certificates.
 * @throws CodedError `encoding/not-canonical`, `pbft/bad-encoding`
 */
export function decodeMessage(bytes: Uint8Array): Message {
  const value = decodeCanonical(bytes);
  const type = (value as { readonly type?: CborValue } | null)?.type;
  if (typeof type !== 'string' || !Object.hasOwn(decoders, type)) throw malformed('a known message type');
  return decoders[type as MessageType](value);
}
