import assert from "node:assert/strict";
import { test } from "node:test";

import { readStep } from "../steps.ts";

test("a step is read strictly", () => {
  for (const wrong of [
    "null",
    "[]",
    '{"op": "gett", "key": "k"}',
    '{"op": "toString"}',
    '{"op": "get"}',
    '{"op": "get", "key": 7}',
    '{"op": "get", "key": "k", "kye": "k"}',
    '{"op": "clear", "tags": []}',
    '{"op": "set", "key": "k", "value": 1, "options": {"ttl": 5}}',
    '{"op": "set", "key": "k", "value": 1, "options": {"ttl_ms": -1}}',
    '{"op": "set", "key": "k", "value": 1, "options": {"ttl_ms": 1.5}}',
    '{"op": "set", "key": "k"}',
    '{"op": "set_many", "entries": [["k"]]}',
    '{"op": "get_or_load", "key": "k", "loader": {"then": [{"op": "get"}]}}',
  ]) {
    assert.throws(() => readStep(JSON.parse(wrong)), { kind: "protocol" }, wrong);
  }
});

test("what may be left out is, and null is a value", () => {
  const step = readStep({ op: "commit", lease: "l", value: null });
  assert.ok(step.op === "commit" && step.value === null && step.hex === undefined);
  const load = readStep({ op: "get_or_load", key: "k", loader: {} });
  assert.ok(load.op === "get_or_load" && load.loader.value === null);
  assert.deepEqual(load.op === "get_or_load" && load.loader.then, []);
});

test("a number of 64 bits is read as far as it can be", () => {
  const step = readStep(JSON.parse('{"op": "sleep", "ms": 18446744073709551615}'));
  assert.ok(step.op === "sleep" && step.ms === 2 ** 64);
});
