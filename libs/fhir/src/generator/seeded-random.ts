/**
 * A small seeded generator (sfc32 of PractRand), for synthetic data only: nothing secret is ever drawn from it.
 * The same seed gives the same sequence on every machine.
 */
export class SeededRandom {
  private a: number;
  private b: number;
  private c: number;
  private counter = 1;

  /** @param seed an integer; @param stream tells sequences of one seed apart */
  constructor(seed: number, stream = 0) {
    this.a = seed | 0;
    this.b = Math.floor(seed / 2 ** 32) | 0;
    this.c = stream | 0;
    for (let round = 0; round < 15; round += 1) this.uint32();
  }

  uint32(): number {
    const sum = (((this.a + this.b) | 0) + this.counter) | 0;
    this.counter = (this.counter + 1) | 0;
    this.a = this.b ^ (this.b >>> 9);
    this.b = (this.c + (this.c << 3)) | 0;
    this.c = (((this.c << 21) | (this.c >>> 11)) + sum) | 0;
    return sum >>> 0;
  }

  /** In [0, 1). */
  unit(): number {
    return this.uint32() / 2 ** 32;
  }

  /** An integer between the two, both included. */
  integer(min: number, max: number): number {
    return min + Math.floor(this.unit() * (max - min + 1));
  }

  /** Rounded to the given number of decimals. */
  between(min: number, max: number, decimals: number): number {
    return round(min + this.unit() * (max - min), decimals);
  }

  chance(probability: number): boolean {
    return this.unit() < probability;
  }

  pick<T>(items: readonly [T, ...T[]]): T {
    return items[this.integer(0, items.length - 1)] ?? items[0];
  }

  /** Normally distributed (Box and Muller 1958), cut at three standard deviations. */
  normal(mean: number, deviation: number, decimals: number): number {
    const z = Math.sqrt(-2 * Math.log(1 - this.unit())) * Math.cos(2 * Math.PI * this.unit());
    return round(mean + Math.max(-3, Math.min(3, z)) * deviation, decimals);
  }

  hex(digits: number): string {
    return Array.from({ length: digits }, () => this.integer(0, 15).toString(16)).join('');
  }

  uuid(): string {
    return `${this.hex(8)}-${this.hex(4)}-4${this.hex(3)}-${'89ab'[this.integer(0, 3)]}${this.hex(3)}-${this.hex(12)}`;
  }
}

export const round = (value: number, decimals: number): number => Number(value.toFixed(decimals));
