/**
 * A number that is stored as a float: `new Float(1)` is stored as 1.0, and `1` as an
 * integer. Use it where a reader in another language expects a float. With the option
 * `numbers: "exact"`, floats that have the value of an integer are read as a `Float`.
 */
export class Float {
  readonly value: number;

  constructor(value: number) {
    this.value = Number(value);
  }

  valueOf(): number {
    return this.value;
  }

  toJSON(): number {
    return this.value;
  }

  toString(): string {
    return String(this.value);
  }
}
