import { createPrivateKey } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { type CeremonyDescription, ceremonyError, descriptionSchema } from '@medveil/eligibility';
import { fromBase64Url, fromHex, type RandomBytes } from '@medveil/encoding';
import { type SigningKeyPair, signingKeyFromSeed } from '@medveil/identity';

/** The secret of a replica's vault under which its operator votes: the consortium member's key in genesis. */
const OPERATOR_KEY = 'operator-key';

/** An Ed25519 private key as PKCS#8 in PEM, or its 32 bytes in hexadecimal. @throws CodedError `ceremony/bad-input` */
export async function readSigningKey(path: string): Promise<SigningKeyPair> {
  const text = await readText(path);
  try {
    if (!text.startsWith('-----')) return signingKeyFromSeed(fromHex(text.trim()));
    const key = createPrivateKey(text);
    if (key.asymmetricKeyType !== 'ed25519') throw new Error(`it is a key for ${key.asymmetricKeyType}`);
    return signingKeyFromSeed(fromBase64Url(key.export({ format: 'jwk' }).d ?? ''));
  } catch (cause) {
    throw ceremonyError('ceremony/bad-input', `${path} must hold an Ed25519 private key, as PEM or as 32 bytes in hexadecimal`, { path }, { cause });
  }
}

/** The member's key from the vault of their replica. @throws CodedError `ceremony/bad-input`, those of the vault */
export async function signingKeyFromVault(folder: string, keyFile: string, random: RandomBytes): Promise<SigningKeyPair> {
  if (!existsSync(folder)) throw ceremonyError('ceremony/bad-input', `there is no vault at ${folder}`, { path: folder });
  // what services stand on is large; whoever has their key in a file need not load it
  const { openVault } = await import('@medveil/host');
  return signingKeyFromSeed(await (await openVault({ folder, keyFile }, random)).get(OPERATOR_KEY));
}

/** A JSON list of `{ name, publicKey }`, keys in hexadecimal. @throws CodedError `ceremony/bad-input` */
export async function readMembers(path: string): Promise<CeremonyDescription['members']> {
  let value: unknown;
  try {
    value = JSON.parse(await readText(path));
  } catch (cause) {
    throw ceremonyError('ceremony/bad-input', `${path} is not JSON`, { path }, { cause });
  }
  const parsed = descriptionSchema.shape.members.safeParse(value);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  throw ceremonyError('ceremony/bad-input', `${path}: ${issue?.path.join('.') ?? ''}: ${issue?.message ?? 'malformed'}`, { path });
}

async function readText(path: string): Promise<string> {
  return readFile(path, 'utf8').catch((cause: unknown) => {
    throw ceremonyError('ceremony/bad-input', `${path} cannot be read`, { path }, { cause });
  });
}
