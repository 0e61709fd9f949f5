/**
 * The one algorithm of loading, as steps that wait for nothing themselves: it yields what is
 * to be called, and goes on with what that returned. `now` calls and goes on at once. A
 * driver that awaits in between can drive the same steps.
 */
import type { Checked } from "./options.ts";
import type * as raw from "./raw.ts";
/** What is to be called, one after the other; in the end, a result. */
export type Steps<R> = Generator<() => unknown, R, unknown>;
/** Drives steps whose calls all return at once. */
export declare function now<R>(steps: Steps<R>): R;
/** What a load comes to, and how. */
export interface Outcome<T> {
    readonly value: T;
    /**
     * - `"hit"`: a fresh entry.
     * - `"stale"`: an entry past its fresh time. Another caller refreshes it, or its refresh
     *   failed.
     * - `"loaded"`: what the loader returned.
     * - `"passed"`: the same, without a lease: nothing was to be stored.
     */
    readonly source: "hit" | "stale" | "loaded" | "passed";
    /** Whether this call stored the value. */
    readonly stored: boolean;
    /**
     * What failed, and did not keep the value from being returned: the loader, so that an entry
     * was served; storing what was loaded; or decoding the entry, so that the loader ran.
     */
    readonly error?: unknown;
    /** Of an entry: how long ago it was stored, in seconds. */
    readonly age?: number;
    /** Of an entry: what identifies it among all that its key ever held. */
    readonly version?: number;
}
/** What one load is about. */
export interface Plan extends Checked {
    readonly key: string;
    /** Looks a key up, as `raw.lookup` does. */
    readonly find: (key: string, options: raw.LookupOptions) => unknown;
    readonly loader: () => unknown;
}
/** Finds the entry, or loads the value and stores it. */
export declare function load(plan: Plan): Steps<Outcome<unknown>>;
