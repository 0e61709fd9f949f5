/** A text with placeholders: `profile:{user.id}:{page}`, or `profile:{0}`. */
export declare class Template {
    #private;
    readonly source: string;
    /** Refuses a template that is wrong. */
    constructor(source: string);
    /** The names that its placeholders begin with. */
    get names(): string[];
    /** The key or tag, with these values in it. */
    fill(values: object): string;
}
/**
 * A key or tag whose values are escaped: `` key`posts:${user}:${page}` ``. A value is a text,
 * a number, a boolean or null, and between two values there is a `:`, so different values
 * never make the same key.
 */
export declare function key(texts: TemplateStringsArray, ...values: unknown[]): string;
/** The one text that a value has in keys, in every language: wit/KEYS.md. */
export declare function textOf(value: unknown, name: string): string;
