import { decodeCanonical, encodeCanonical } from '@medveil/encoding';
import { hash, signature } from './certificate-codec.js';
import { count, fields, literal } from './decode.js';
import type { Evidence, EvidenceStatement } from './evidence.js';
import { plain } from './payloads.js';

const statement = fields<EvidenceStatement>({ about: hash, previousDigest: hash, signature });

const evidence = fields<Evidence>({
  kind: literal('pre-prepare', 'prepare', 'commit', 'checkpoint', 'view-change', 'new-view'),
  epoch: count,
  replica: count,
  view: count,
  sequence: count,
  first: statement,
  second: statement,
});

/** Canonical CBOR, under 500 bytes: fit for a transaction. */
export const encodeEvidence = (value: Evidence): Uint8Array => encodeCanonical(plain(value));

/** @throws CodedError `encoding/not-canonical`, `pbft/bad-encoding`. See `verifyEvidence` for what it proves. */
export const decodeEvidence = (bytes: Uint8Array): Evidence => evidence(decodeCanonical(bytes));
