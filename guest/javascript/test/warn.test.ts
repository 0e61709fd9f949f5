import assert from "node:assert/strict";
import { mock, test } from "node:test";

import { warnOnce } from "../src/warn.ts";

test("what is swallowed is said on the console, once for each cause", () => {
  const warn = mock.method(console, "warn", () => {});
  warnOnce("large", "first", "cannot be stored", new Error("8 MiB"));
  warnOnce("large", "second", "cannot be stored", new Error("8 MiB"));
  warnOnce("refresh", "\n".repeat(200), "cannot be refreshed", "no");
  const said = warn.mock.calls.map((call) => String(call.arguments[0]));
  assert.equal(said.length, 2);
  assert.equal(said[0], 'spakky-cache: "first" cannot be stored (said once): Error: 8 MiB');
  assert.match(said[1] ?? "", /^spakky-cache: "(\\n){100}…" cannot be refreshed/);
});
