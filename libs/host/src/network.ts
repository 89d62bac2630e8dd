import { readFile } from 'node:fs/promises';
import { base64UrlSchema, CodedError, fromBase64Url } from '@medveil/encoding';
import { type KnownSender, SENDER_TYPES, type SenderDirectory, staticDirectory } from '@medveil/messaging';
import { z } from 'zod';

const holderSchema = z.strictObject({ id: z.string().min(1).max(64), hpkePublicKey: base64UrlSchema(32) });

/**
 * The public description of one network, made at setup and the same for all its members: what every party pins.
 * It holds no secret.
 */
export const networkSchema = z.strictObject({
  version: z.literal(1),
  chainId: z.string(),
  /** canonical genesis document: the trust anchor of the ledger */
  genesis: base64UrlSchema(16 << 20),
  /** DER of the E-Cert authority */
  caCertificate: base64UrlSchema(8_192),
  /** Ed25519 key that signs T-Certs */
  pkgPublicKey: base64UrlSchema(32),
  /** who can open a pseudonym, and how many of them it takes */
  opening: z.strictObject({
    auditors: z.strictObject({ threshold: z.int().min(1), members: z.array(holderSchema).min(1) }),
    replicas: z.strictObject({ threshold: z.int().min(1), members: z.array(holderSchema).min(1) }),
  }),
  /** Ed25519 keys under which the consortium's services sign messages, by sender */
  messageKeys: z.record(z.string(), base64UrlSchema(32)),
  epochs: z.strictObject({ epochMs: z.int().min(1), lifetimeEpochs: z.int().min(1) }),
  /** E-Certs (DER) of the parties that the genesis document pins, by enrolment id */
  certificates: z.record(z.string(), base64UrlSchema(8_192)).optional(),
  /** verification keys by circuit instance, as JSON text; the ledger pins their hashes */
  verificationKeys: z.record(z.string(), z.string()),
  /** transcripts of the ceremonies that made them, by circuit instance, as the ceremony wrote them; needed outside development */
  ceremonies: z.record(z.string(), z.string()).optional(),
});
export type Network = z.infer<typeof networkSchema>;

/** @throws CodedError `host/bad-network` naming the file and the place */
export async function loadNetwork(path: string): Promise<Network> {
  const text = await readFile(path, 'utf8').catch((cause: unknown) => {
    throw new CodedError('host/bad-network', 'the network description cannot be read', { path }, { cause });
  });
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new CodedError('host/bad-network', 'the network description is not JSON', { path }, { cause });
  }
  const parsed = networkSchema.safeParse(value);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    throw new CodedError('host/bad-network', `${issue?.path.join('.') ?? ''}: ${issue?.message ?? 'not valid'}`, { path });
  }
  return parsed.data;
}

/** The Ed25519 key under which a service of the consortium signs. @throws CodedError `host/bad-network` */
export function messageKeyOf(network: Network, sender: string): Uint8Array {
  const key = network.messageKeys[sender];
  if (key === undefined) throw new CodedError('host/bad-network', `the network description has no message key of ${sender}`, { sender });
  return fromBase64Url(key);
}

/** Who may send which message, from the keys of the network. */
export function senderDirectory(network: Network): SenderDirectory {
  const senders: Record<string, KnownSender> = {};
  for (const [sender, key] of Object.entries(network.messageKeys)) {
    const kind = sender.replace(/-\d+$/, '');
    const types: readonly string[] = kind === 'pkg' || kind === 'contract' || kind === 'replica' ? SENDER_TYPES[kind] : [];
    senders[sender] = { publicKey: fromBase64Url(key), allowedTypes: new Set(types) };
  }
  return staticDirectory(senders);
}
