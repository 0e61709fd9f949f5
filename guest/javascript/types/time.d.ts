/** Timestamps as wit/VALUES.md has them, in the milliseconds of a `Date`. */
/** The text of a date; none if it has none: it is invalid, or outside the years 1 to 9999. */
export declare function timeText(date: Date): string | undefined;
/** The date of a text, or why it is none. */
export declare function timeOfText(text: string): Date | string;
/** The date of so many seconds since 1970, or why it is none. */
export declare function timeOfSeconds(seconds: number | bigint): Date | string;
