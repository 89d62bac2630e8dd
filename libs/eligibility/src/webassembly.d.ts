/** What is used of the WebAssembly API, which TypeScript declares only along with the whole DOM. */
declare namespace WebAssembly {
  type Module = object;
  const Module: new (code: Uint8Array) => Module;
  class Memory {
    constructor(descriptor: { initial: number });
    readonly buffer: ArrayBuffer;
    grow(pages: number): number;
  }
  class Instance {
    constructor(module: Module, imports: Record<string, Record<string, unknown>>);
    readonly exports: Record<string, unknown>;
  }
}
