/** Functions that cache and evict. */

import { cacheable, cacheEvict } from "spakky-cache";

import { Failure } from "./failure.ts";

/** How often the body of `profile` ran. */
export let calls = 0;

const isText = (value: unknown): value is string => typeof value === "string";

export const profile = cacheable(
  "profile:{id}:{part}",
  { ttl: { minutes: 5 }, tags: ["profiles", "profile:{id}"], check: isText },
  (id: string, part: string, fail: string | undefined): string => {
    calls += 1;
    outcome(fail);
    return `profile ${id} ${part}`;
  },
);

type Part = { id: string; part: string; fail: string | undefined };

export const evict = {
  key: cacheEvict({ key: "profile:{id}:{part}" }, ({ id, part, fail }: Part) =>
    outcome(fail, id, part),
  ),
  tags: cacheEvict(
    { tags: ["profile:{user}"], values: ({ id }: Part) => ({ user: id }) },
    ({ fail }) => outcome(fail),
  ),
  all: cacheEvict({ all: true }, ({ fail }: Part) => outcome(fail)),
};

function outcome(fail: string | undefined, ..._of: string[]): void {
  if (fail !== undefined) throw new Failure("function", fail);
}
