import { recordIdOf } from '../envelope.js';
import { AgreementsFault, ensure } from '../errors.js';
import { recordTable } from '../state.js';
import type { BodyOf } from '../transactions.js';
import { accountOf, type SenderCall } from './call.js';

/** Phase 5: the commitment, and where the ciphertexts of its parts are, under the pseudonym that signed. */
export function registerRecord(call: SenderCall, body: BodyOf<'register-record'>): void {
  const { state, block, sender } = call;
  const recordId = recordIdOf(body.record);
  ensure(recordTable.read(state, recordId) === null, 'agreements/duplicate-record', 'the commitment is registered already', { recordId });
  const ownerKey = accountOf(state, sender.id).certificate?.ownerKey ?? null;
  if (ownerKey === null) throw new AgreementsFault('agreements/corrupt-state', 'an owner of records without an owner key', { account: sender.id });
  recordTable.write(state, { record: body.record, account: sender.id, ownerKey, parts: body.parts, registeredAtMs: block.timeMs, height: block.height }, recordId);
  call.emit('record-registered', { recordId, record: body.record, account: sender.id, parts: body.parts.map(({ part }) => part) });
}
