/** Functions that cache and evict. */

import { cacheable, cacheEvict } from "spakky-cache";

import { Failure } from "./failure.ts";

/** How often the bodies of the functions ran. */
export let calls = 0;

const isText = (value: unknown): value is string => typeof value === "string";

const load = (id: string, part: string, fail: string | undefined): string => {
  calls += 1;
  outcome(fail);
  return `profile ${id} ${part}`;
};

const options = { ttl: { minutes: 5 }, tags: ["profiles", "profile:{0}"], check: isText };
export const profile = {
  name: cacheable("profile:{id}:{part}", { ...options, tags: ["profiles", "profile:{id}"] }, load),
  position: cacheable("profile:{0}:{1}", options, load),
};

type Argument = null | boolean | number | string;

/** Without a template. */
export const pair = cacheable({}, function pair(id: Argument, part: Argument): Argument[] {
  calls += 1;
  return [id, part];
});

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
