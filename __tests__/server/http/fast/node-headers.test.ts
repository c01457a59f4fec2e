import { describe, expect, test } from "vitest";
import { NodeHeaders } from "#lib/server/http/fast/node-headers.ts";

const LISTS: readonly (readonly [string, string][])[] = [
  [],
  [["Host", "x"]],
  [
    ["X-Twice", "1"],
    ["x-twice", "2"],
    ["X-TWICE", "3"],
  ],
  [
    ["Cookie", "a=1"],
    ["cookie", "b=2; c=3"],
  ],
  [
    ["set-cookie", "a=1; Path=/"],
    ["Set-Cookie", "b=2"],
  ],
  [
    ["x-empty", ""],
    ["X-Empty", ""],
    ["x-comma", "a, b"],
    ["accept", "*/*"],
  ],
  [["X-Latin", "gr\u00f6\u00dfe"]],
];
const NAMES = [
  "host",
  "HOST",
  "x-twice",
  "Cookie",
  "set-cookie",
  "x-empty",
  "X-COMMA",
  "accept",
  "x-latin",
  "none",
];

const platform = (list: readonly [string, string][]): Headers =>
  new Headers(list.map(([name, value]): [string, string] => [name, value]));

/** Every way to look at headers. */
function view(headers: Headers): unknown {
  const each: unknown[] = [];
  headers.forEach((value, name, parent) => each.push([name, value, parent === headers]));
  return {
    get: NAMES.map((name) => headers.get(name)),
    has: NAMES.map((name) => headers.has(name)),
    each,
    entries: [...headers.entries()],
    keys: [...headers.keys()],
    values: [...headers.values()],
    all: [...headers],
    setCookie: headers.getSetCookie(),
    instance: headers instanceof Headers,
  };
}

describe("the headers of a request of node:http are those of the platform", () => {
  test.each(LISTS.map((list) => [JSON.stringify(list), list] as const))("%s", (_, list) => {
    expect(view(new NodeHeaders(list.flat()))).toEqual(view(platform(list)));
  });

  test.each([
    ["set", (headers: Headers) => headers.set("X-Twice", "new")],
    ["append", (headers: Headers) => headers.append("x-twice", "4")],
    ["delete", (headers: Headers) => headers.delete("X-TWICE")],
    ["set, of what is there once", (headers: Headers) => headers.set("host", "y")],
  ] as const)("also after %s", (_, change) => {
    for (const list of LISTS) {
      const [ours, theirs] = [new NodeHeaders(list.flat()), platform(list)];
      change(ours);
      change(theirs);
      expect(view(ours)).toEqual(view(theirs));
    }
  });
});
