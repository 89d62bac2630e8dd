import type { RandomBytes } from '@medveil/encoding';
import type { KeyVault } from '@medveil/identity';

const SECRET_BYTES = 32;

/** The secret of this name; drawn and put into the vault where there is none yet. */
export async function ensureSecret(vault: KeyVault, name: string, random: RandomBytes): Promise<Uint8Array> {
  const known = await vault.find(name);
  if (known !== null) return known;
  const fresh = random(SECRET_BYTES);
  await vault.put(name, fresh);
  return fresh;
}
