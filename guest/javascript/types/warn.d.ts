/** Says on the console what would otherwise stay unseen, once in an instance and cause. */
export declare function warnOnce(cause: string, key: string, what: string, error: unknown): void;
