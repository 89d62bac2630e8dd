import { equalBytes, toHex } from '@medveil/encoding';
import { ensure } from '../errors.js';
import { accountTable, issuerRootTable, issuersTable, revokedSerialTable } from '../state.js';
import type { BodyOf } from '../transactions.js';
import { CERTIFIED_ROLES } from '../vocabulary.js';
import type { Call, SenderCall, State } from './call.js';

export function updateIssuers(call: SenderCall, body: BodyOf<'update-issuers'>): void {
  const { state, block } = call;
  const current = issuersTable.read(state);
  ensure(current === null || !equalBytes(current.root, body.root), 'agreements/unchanged-issuers', 'this is the root in force');
  setIssuers(state, body.root, block.timeMs, body.immediate);
  call.emit('issuers-updated', { root: body.root, immediate: body.immediate });
}

/** @param root another than the one in force */
export function setIssuers(state: State, root: Uint8Array, atMs: number, immediate: boolean): void {
  const current = issuersTable.read(state);
  if (current !== null) {
    issuerRootTable.write(state, { fromMs: current.sinceMs, supersededAtMs: atMs }, toHex(current.root));
  }
  // A root that comes back starts anew: its earlier end no longer counts.
  issuerRootTable.write(state, { fromMs: atMs, supersededAtMs: null }, toHex(root));
  issuersTable.write(state, { root, sinceMs: atMs, noGraceUntilMs: immediate ? atMs : (current?.noGraceUntilMs ?? null) });
}

/**
 * Whether a claim may be proved against this root: the one in force, or one superseded for less than the grace
 * period and not by an immediate update.
 */
export function acceptsIssuerRoot(call: Call, root: Uint8Array): boolean {
  const { state, block, parameters } = call;
  const entry = issuerRootTable.read(state, toHex(root));
  if (entry === null) return false;
  if (entry.supersededAtMs === null) return true;
  const noGraceUntilMs = issuersTable.read(state)?.noGraceUntilMs ?? null;
  const hasGrace = noGraceUntilMs === null || entry.supersededAtMs > noGraceUntilMs;
  return hasGrace && block.timeMs < entry.supersededAtMs + parameters.issuerGraceMs;
}

/** Revocation by the PKG reaches pseudonyms only: members are the consortium's to unpin. */
export function revoke(call: SenderCall, body: BodyOf<'revoke'>): void {
  const { state, block } = call;
  for (const id of body.accounts) {
    const account = accountTable.read(state, id);
    ensure(account !== null, 'agreements/unknown-account', 'there is no such account; revoke its serial number', { account: id });
    ensure(CERTIFIED_ROLES.includes(account.role), 'agreements/not-revocable', `a ${account.role} is unpinned by vote`, { account: id, role: account.role });
    if (account.revokedAtMs === null) accountTable.write(state, { ...account, revokedAtMs: block.timeMs }, id);
  }
  for (const serial of body.serials) {
    if (revokedSerialTable.read(state, toHex(serial)) === null) revokedSerialTable.write(state, { revokedAtMs: block.timeMs }, toHex(serial));
  }
  call.emit('revoked', { accounts: body.accounts, serials: body.serials });
}
