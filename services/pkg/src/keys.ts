import { accountTable } from '@medveil/agreements';
import { equalBytes, fromBase64Url } from '@medveil/encoding';
import type { Network } from '@medveil/host';
import { accountId, type CertificateAuthority, isIdentityError, type KeyVault, type SigningKeyPair, signingKeyFromSeed, verifyECert, issueECert } from '@medveil/identity';
import type { Genesis } from '@medveil/ledger';
import type { Clock, RandomBytes } from '@medveil/encoding';
import { PkgError } from './errors.js';

/** The PKG's secrets, opened and checked against what the network pins. */
export interface PkgKeys {
  /** Signs E-Certs. */
  readonly authority: CertificateAuthority;
  /** Signs T-Certs and the revocation list. */
  readonly tCertKey: SigningKeyPair;
  /** The PKG's account on the ledger. */
  readonly account: SigningKeyPair;
  /** Signs this service's access tokens. */
  readonly tokenKey: SigningKeyPair;
  /** Seed of the key that signs messages. */
  readonly messageSeed: Uint8Array;
}

/**
 * @throws PkgError `pkg/wrong-secret` naming the secret that is not the network's; IdentityError of the vault, or where the time is not one
 *   of the authority's certificate
 */
export async function loadKeys(vault: KeyVault, network: Network, genesis: Genesis, ports: { readonly clock: Clock; readonly random: RandomBytes }): Promise<PkgKeys> {
  const key = async (name: string): Promise<SigningKeyPair> => signingKeyFromSeed(await vault.get(name));
  const authority = { certificate: fromBase64Url(network.caCertificate), key: await key('ca-key') };
  const [tCertKey, account, tokenKey] = [await key('t-cert-key'), await key('account-key'), await key('token-key')];
  const messageSeed = await vault.get('message-key');
  await requireAuthority(authority, ports);
  requireKey('t-cert-key', tCertKey.publicKey, fromBase64Url(network.pkgPublicKey));
  requireKey('message-key', signingKeyFromSeed(messageSeed).publicKey, fromBase64Url(network.messageKeys['pkg'] ?? ''));
  requireAccount(account, genesis);
  return { authority, tCertKey, account, tokenKey, messageSeed };
}

function requireKey(secret: string, held: Uint8Array, pinned: Uint8Array): void {
  if (!equalBytes(held, pinned)) throw wrongSecret(secret);
}

/** Whether the key signs under the authority's certificate shows when it is used. */
async function requireAuthority(authority: CertificateAuthority, { clock, random }: { clock: Clock; random: RandomBytes }): Promise<void> {
  const nowMs = clock();
  const subject = { enrolmentId: 'pkg', role: 'pkg', publicKey: authority.key.publicKey } as const;
  try {
    const certificate = await issueECert({ subject, authority, notBeforeMs: nowMs - 1_000, notAfterMs: nowMs + 60_000 }, random);
    verifyECert(certificate, authority.certificate, nowMs);
  } catch (cause) {
    if (isIdentityError(cause) && (cause.code === 'identity/not-yet-valid' || cause.code === 'identity/expired')) throw cause;
    throw wrongSecret('ca-key', cause);
  }
}

function requireAccount(account: SigningKeyPair, genesis: Genesis): void {
  const key = accountTable.key(accountId(account.publicKey));
  const entry = genesis.document.state.find((candidate) => candidate.key === key);
  if (entry === undefined || accountTable.decode(entry.value).role !== 'pkg') throw wrongSecret('account-key');
}

const wrongSecret = (secret: string, cause?: unknown): PkgError =>
  new PkgError('pkg/wrong-secret', `the secret ${secret} is not the one that the network description names`, { secret }, { cause });
