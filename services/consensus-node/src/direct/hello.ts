import { bytesSchema, CodedError, decodeCanonical, encodeCanonical, equalBytes } from '@medveil/encoding';
import { z } from 'zod';

/** What both ends of a stream say first. Who they are, their certificates have said; this is whether they belong together. */
export interface Hello {
  readonly protocol: number;
  readonly chainId: string;
  /** hash of the genesis block */
  readonly genesis: Uint8Array;
}

export const PROTOCOL_VERSION = 1;
/** TLS refuses who does not speak it (ALPN, RFC 7301). */
export const ALPN_PROTOCOL = 'medveil-replica/1';
export const MAX_HELLO_BYTES = 512;

const helloSchema = z.strictObject({ protocol: z.int(), chainId: z.string().max(64), genesis: bytesSchema({ length: 32 }) });

export const encodeHello = ({ protocol, chainId, genesis }: Hello): Uint8Array => encodeCanonical({ protocol, chainId, genesis });

/** @throws CodedError `consensus-node/bad-hello` naming what differs */
export function requireSameChain(bytes: Uint8Array, own: Hello): void {
  const theirs = readHello(bytes);
  if (theirs.protocol !== own.protocol) throw differs('protocol');
  if (theirs.chainId !== own.chainId) throw differs('chain');
  if (!equalBytes(theirs.genesis, own.genesis)) throw differs('genesis');
}

function readHello(bytes: Uint8Array): Hello {
  try {
    return helloSchema.parse(decodeCanonical(bytes));
  } catch (cause) {
    throw new CodedError('consensus-node/bad-hello', 'the peer did not begin with a hello', {}, { cause });
  }
}

const differs = (what: string): CodedError => new CodedError('consensus-node/bad-hello', `the peer has another ${what}`, { what });
