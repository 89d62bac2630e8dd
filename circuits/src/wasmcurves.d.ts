/** The BN254 arithmetic that snarkjs itself computes with: WebAssembly in base64, values in Montgomery form, little-endian. */
declare module 'wasmcurves/build/bn128_wasm.js' {
  const bn128: {
    readonly code: string;
    /** Where the generators stand in memory, Jacobian. */
    readonly pG1gen: number;
    readonly pG2gen: number;
  };
  export default bn128;
}
