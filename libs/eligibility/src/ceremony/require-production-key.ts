import { eligibilityError } from '../errors.js';
import type { VerificationKey } from '../verification-key.js';
import { checkKeyCeremony, type KeyCeremony } from './check.js';

/**
 * Services call this at start. Outside development mode a key carries no development mark, and comes with the transcript
 * of its ceremony, which is checked (`checkKeyCeremony`).
 * @throws CodedError `eligibility/development-key-refused`, `eligibility/no-ceremony`, `ceremony/…`
 */
export function requireProductionKey(key: VerificationKey, mode: 'development' | 'production', ceremony: KeyCeremony | null): void {
  if (mode === 'development') return;
  if (key.development || key.contributions.length === 0) {
    throw eligibilityError('eligibility/development-key-refused', 'a key made by one party is for development only', {
      instance: key.instance.name,
      development: key.development,
      contributions: key.contributions.length,
    });
  }
  if (ceremony === null) {
    throw eligibilityError('eligibility/no-ceremony', 'a key comes with the transcript of its ceremony', { instance: key.instance.name });
  }
  checkKeyCeremony(key, ceremony);
}
