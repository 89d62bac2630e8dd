import { WitnessCalculator } from './witness-calculator.js';

/** Compiled witness generators; few circuits are in use at a time. */
const MAX_CALCULATORS = 4;

/** The witness generators that a proving thread has compiled, by circuit. */
export class Calculators {
  private readonly known = new Map<number, WitnessCalculator>();

  of({ circuit, wasm }: { readonly circuit: number; readonly wasm: Uint8Array }): WitnessCalculator {
    const known = this.known.get(circuit);
    if (known !== undefined) return known;
    const [oldest] = this.known.keys();
    if (this.known.size >= MAX_CALCULATORS && oldest !== undefined) this.known.delete(oldest);
    // a copy: WebAssembly is not compiled from memory that threads share
    const made = new WitnessCalculator(wasm.slice());
    this.known.set(circuit, made);
    return made;
  }
}
