import { CodedError } from '@medveil/encoding';

/** Every refusal of this library. The message and details name the field and the limit, never a secret. */
export type IdentityErrorCode =
  | 'identity/bad-input'
  | 'identity/bad-key'
  | 'identity/bad-certificate'
  | 'identity/foreign-authority'
  | 'identity/not-an-authority'
  | 'identity/bad-signature'
  | 'identity/wrong-chain'
  | 'identity/not-yet-valid'
  | 'identity/expired'
  | 'identity/revoked'
  | 'identity/wrong-role'
  | 'identity/bad-possession-proof'
  | 'identity/bad-opening'
  | 'identity/bad-share'
  | 'identity/too-few-shares'
  | 'identity/bad-committee'
  | 'identity/cannot-open'
  | 'identity/bad-credential'
  | 'identity/replayed'
  | 'identity/vault-locked'
  | 'identity/vault-corrupt'
  | 'identity/secret-not-found'
  | 'identity/stale-revocation-list';

export class IdentityError extends CodedError<IdentityErrorCode> {}

export const isIdentityError = (error: unknown): error is IdentityError => error instanceof IdentityError;

/** Runs a step of a parser or a cipher and gives whatever it throws a code of this library. */
export function guarded<T>(code: IdentityErrorCode, message: string, step: () => T): T {
  try {
    return step();
  } catch (cause) {
    if (isIdentityError(cause)) throw cause;
    throw new IdentityError(code, message, {}, { cause });
  }
}

/** `guarded` for a step that answers later. */
export async function guardedAsync<T>(code: IdentityErrorCode, message: string, step: () => Promise<T>): Promise<T> {
  try {
    return await step();
  } catch (cause) {
    if (isIdentityError(cause)) throw cause;
    throw new IdentityError(code, message, {}, { cause });
  }
}
