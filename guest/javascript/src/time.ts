/** Timestamps as wit/VALUES.md has them, in the milliseconds of a `Date`. */

const LEAST = Date.parse("0001-01-01T00:00:00Z");
const MOST = Date.parse("9999-12-31T23:59:59.999Z");

const TEXT =
  /^(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(?:\.(\d{1,3})(\d{0,6}))?(?:Z|([+-])(\d\d):(\d\d))$/;

/** The text of a date; none if it has none: it is invalid, or outside the years 1 to 9999. */
export function timeText(date: Date): string | undefined {
  return inRange(date.getTime()) ? date.toISOString().replace(/\.?0+Z$/, "Z") : undefined;
}

/** The date of a text, or why it is none. */
export function timeOfText(text: string): Date | string {
  const match = TEXT.exec(text);
  if (match === null) return "a timestamp that is no RFC 3339";
  const [year, month, day, hour, minute, second] = match.slice(1, 7).map(Number) as Six;
  const [, , , , , , , fraction = "", finer = "", sign, ...offset] = match;
  const [hours = 0, minutes = 0] = sign === undefined ? [] : offset.map(Number);
  const date = new Date(0);
  date.setUTCFullYear(year, month - 1, day);
  // One that does not exist is another one now.
  const exists = date.getUTCMonth() === month - 1 && date.getUTCDate() === day;
  if (!exists || hour > 23 || minute > 59 || second > 59 || hours > 23 || minutes > 59) {
    return "a timestamp that does not exist";
  }
  if (/[1-9]/.test(finer)) return FINER;
  date.setUTCHours(hour, minute, second, Number(fraction.padEnd(3, "0")));
  const ahead = (hours * 60 + minutes) * 60_000;
  const time = date.getTime() + (sign === "-" ? ahead : -ahead);
  return inRange(time) ? new Date(time) : OUTSIDE;
}

type Six = [number, number, number, number, number, number];

/** The date of so many seconds since 1970, or why it is none. */
export function timeOfSeconds(seconds: number | bigint): Date | string {
  const microseconds = roundToEven(Number(seconds) * 1e6);
  if (!inRange(microseconds / 1_000)) return OUTSIDE;
  return microseconds % 1_000 === 0 ? new Date(microseconds / 1_000) : FINER;
}

const FINER = "a timestamp that is finer than the milliseconds of a `Date`";
const OUTSIDE = "a timestamp outside of the years 1 to 9999";

function inRange(milliseconds: number): boolean {
  return milliseconds >= LEAST && milliseconds <= MOST;
}

function roundToEven(value: number): number {
  const below = Math.floor(value);
  if (value - below !== 0.5) return Math.round(value);
  return below % 2 === 0 ? below : below + 1;
}
