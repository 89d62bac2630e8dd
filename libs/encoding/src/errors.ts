/**
 * An error with a stable code. A library names its codes in a union and throws `CodedError<ThatUnion>`;
 * at the HTTP edge the code becomes the `code` of a problem+json document.
 * `details` hold what was given and what is allowed: never a secret, never a medical value.
 */
export class CodedError<Code extends string = string> extends Error {
  constructor(
    readonly code: Code,
    message: string,
    readonly details: Readonly<Record<string, string | number | boolean | null>> = {},
    options?: ErrorOptions,
  ) {
    super(message, options);
    this.name = 'CodedError';
  }
}

export const isCodedError = (error: unknown): error is CodedError => error instanceof CodedError;
