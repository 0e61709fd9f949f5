/**
 * A float, also where JavaScript has but one number: `new Float(1)` is stored as 1.0, and
 * 1 as the integer. Languages that tell the two apart then read what they expect. With
 * the option `numbers: "exact"`, floats that would be taken for integers are read as one.
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
