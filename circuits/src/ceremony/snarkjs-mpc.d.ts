// oxlint-disable-next-line unicorn/require-module-specifiers -- makes this file a module, so that it adds to snarkjs's types
export {};

/** What the ceremony uses of snarkjs beyond its published types. */
declare module 'snarkjs' {
  interface MpcLogger {
    debug(message: string): void;
    info(message: string): void;
    warn(message: string): void;
    error(message: string): void;
    log(message: string): void;
  }

  /** G1 or G2 of ffjavascript, points affine in Montgomery form, little-endian. */
  interface MpcGroup {
    readonly g: Uint8Array;
    isValid(point: Uint8Array): boolean;
    isZero(point: Uint8Array): boolean;
    toAffine(point: Uint8Array): Uint8Array;
    multiExpAffine(bases: Uint8Array, scalars: Uint8Array): Promise<Uint8Array>;
    lagrangeEvaluations(points: Uint8Array, form: 'affine', outForm: 'affine'): Promise<Uint8Array>;
  }

  interface MpcCurve {
    readonly G1: MpcGroup;
    readonly G2: MpcGroup;
    terminate(): Promise<void>;
  }

  export const curves: { getCurveFromName(name: 'bn128'): Promise<MpcCurve> };

  export const zKey: {
    /** @returns the circuit hash, or -1 with the reason in the logger */
    newZKey(r1cs: string, powersOfTau: string, zkey: string, logger?: MpcLogger): Promise<Uint8Array | -1>;
    contribute(from: string, to: string, name: string, entropy: string, logger?: MpcLogger): Promise<Uint8Array>;
    beacon(from: string, to: string, name: string, valueHex: string, iterationsExponent: number, logger?: MpcLogger): Promise<Uint8Array | false>;
    exportVerificationKey(zkey: Uint8Array, logger?: MpcLogger): Promise<Readonly<Record<string, unknown>>>;
    verifyFromR1cs(r1cs: string, powersOfTau: string, zkey: string, logger?: MpcLogger): Promise<boolean>;
  };

  export const powersOfTau: {
    newAccumulator(curve: MpcCurve, power: number, file: string, logger?: MpcLogger): Promise<Uint8Array>;
    contribute(from: string, to: string, name: string, entropy: string, logger?: MpcLogger): Promise<Uint8Array>;
    preparePhase2(from: string, to: string, logger?: MpcLogger): Promise<void>;
  };
}
