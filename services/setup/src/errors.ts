import { CodedError } from '@medveil/encoding';

/** Why setup does not go on; details name the file or the setting, never a secret. */
export type SetupErrorCode =
  | 'setup/no-keys'
  | 'setup/no-network'
  | 'setup/another-network'
  | 'setup/bad-circuits'
  | 'setup/bad-parameters'
  | 'setup/bad-passphrase-file'
  | 'setup/bad-number'
  | 'setup/bad-name'
  | 'setup/exists';

export class SetupError extends CodedError<SetupErrorCode> {}
