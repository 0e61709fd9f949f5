/**
 * A float, also where JavaScript has but one number: `new Float(1)` is stored as 1.0, and
 * 1 as the integer. Languages that tell the two apart then read what they expect. With
 * the option `numbers: "exact"`, floats that would be taken for integers are read as one.
 */
export declare class Float {
    readonly value: number;
    constructor(value: number);
    valueOf(): number;
    toJSON(): number;
    toString(): string;
}
