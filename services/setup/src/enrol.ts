import { existsSync } from 'node:fs';
import { HttpClient, PkgClient } from '@medveil/client';
import type { Clock, RandomBytes } from '@medveil/encoding';
import type { Role } from '@medveil/identity';
import { writeNew } from './files.js';
import { signOperatorToken } from './operator-token.js';
import type { PartyFolders } from './party-folders.js';

const CREDENTIAL_LIFETIME_MS = 5 * 60_000;

export interface EnrolmentOrder {
  readonly pkgUrl: string;
  readonly enrolmentId: string;
  readonly role: Role;
  /** where the token goes: readable by its owner only */
  readonly out: string;
}

/** Has a running PKG make a one-time enrolment token. @returns false where the file is there already: nothing is asked for then */
export async function writeEnrolmentToken(folders: PartyFolders, order: EnrolmentOrder, ports: { readonly clock: Clock; readonly random: RandomBytes }): Promise<boolean> {
  if (existsSync(order.out)) return false;
  const credential = await signOperatorToken(folders, { scopes: ['enrolments:admin'], audience: 'pkg', lifetimeMs: CREDENTIAL_LIFETIME_MS }, ports);
  const pkg = new PkgClient(new HttpClient({ baseUrl: order.pkgUrl, token: () => credential }));
  const { token } = await pkg.createEnrolmentToken(order.role, order.enrolmentId);
  return writeNew(order.out, `${token}\n`, 0o600);
}
