/** Choices that a seed repeats: `SEED=7 tools/test-javascript`. */
export class Random {
  readonly seed = Number(process.env.SEED ?? Math.floor(Math.random() * 2 ** 32));
  #state = this.seed;

  /** A whole number from 0 up to the limit, without it. */
  below(limit: number): number {
    this.#state = (Math.imul(this.#state, 1664525) + 1013904223) >>> 0;
    return Math.floor((this.#state / 2 ** 32) * limit);
  }

  one<T>(...of: readonly T[]): T {
    return of[this.below(of.length)] as T;
  }

  some<T>(most: number, make: () => T): T[] {
    return Array.from({ length: this.below(most + 1) }, make);
  }
}
