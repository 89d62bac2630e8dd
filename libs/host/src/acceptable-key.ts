import { readAccount, readMembers } from '@medveil/agreements';
import { parseTranscript, requireProductionKey, type VerificationKey } from '@medveil/eligibility';
import { fromBase64Url } from '@medveil/encoding';
import { verifySignature } from '@medveil/identity';
import { loadGenesis } from '@medveil/ledger';
import type { Mode } from '@medveil/service-kit';
import type { Network } from './network.js';

export interface KeyEvidence {
  readonly mode: Mode;
  readonly network: Network;
  /** The text of the key's ceremony, where there is one. */
  readonly transcript: string | null;
}

/**
 * Outside development a key comes with the transcript of a ceremony in which a member of the consortium, by the keys of
 * genesis, took part. @throws CodedError as `requireProductionKey`; `ceremony/bad-transcript`
 */
export function requireAcceptableKey(key: VerificationKey, { mode, network, transcript }: KeyEvidence): void {
  const ceremony = () => (transcript === null ? null : { transcript: parseTranscript(transcript), memberKeys: consortiumKeys(network), verifySignature });
  requireProductionKey(key, mode, mode === 'production' ? ceremony() : null);
}

/** The Ed25519 keys of those who vote, as genesis names them. */
function consortiumKeys(network: Network): Uint8Array[] {
  const state = new Map(loadGenesis(fromBase64Url(network.genesis)).document.state.map(({ key, value }) => [key, value]));
  return readMembers(state, 'consortium').flatMap((id) => readAccount(state, id)?.publicKey ?? []);
}
