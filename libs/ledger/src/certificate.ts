/** One replica's signature over its COMMIT message. */
export interface CommitSignature {
  readonly replica: string;
  readonly signature: Uint8Array;
}

export interface CommitCertificate {
  readonly view: number;
  readonly sequence: number;
  readonly digest: Uint8Array;
  readonly signatures: readonly CommitSignature[];
}
