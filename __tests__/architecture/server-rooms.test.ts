import { expect, test } from "vitest";
import { readSources } from "./source-files.ts";

/** The rooms of lib/server from low to high: what each imports of the others lies below it. */
const ROOMS = ["env", "http", "auth", "openapi", "wiring", "routes", "host", "cli"];

const files = readSources("lib/server");
const roomOf = (path: string): string | undefined => /^lib\/server\/([\w-]+)\//.exec(path)?.[1];
const rankOf = (path: string): number => ROOMS.indexOf(roomOf(path) ?? "");

test("every file of lib/server is in a room, and every room has a file", () => {
  expect([...new Set(files.map(({ path }) => roomOf(path)))].sort()).toEqual([...ROOMS].sort());
});

test("the arrows among the server's rooms point down", () => {
  const upward = files.flatMap(({ path, imports }) =>
    imports
      .filter(({ target }) => target.startsWith("lib/server/") && rankOf(target) > rankOf(path))
      .map(({ target, line }) => `${path}:${line} imports ${target}`),
  );
  expect(upward).toEqual([]);
});

test("who is calling is found out by ports: the rooms below wiring know no adapter", () => {
  const direct = files
    .filter(({ path }) => rankOf(path) < ROOMS.indexOf("wiring"))
    .flatMap(({ path, imports }) =>
      imports
        .filter(({ target }) => target.startsWith("lib/adapters/"))
        .map(({ target }) => `${path} ${target}`),
    );
  expect(direct).toEqual([]);
});

test("Next.js is known to one file of the API's, and to the processes that start it", () => {
  const knowing = files
    .filter(({ imports }) => imports.some(({ target }) => /^(?:next|@next)(?:\/|$)/.test(target)))
    .map(({ path }) => path);
  expect(knowing.sort()).toEqual([
    "lib/server/cli/command.ts",
    "lib/server/host/next-route.ts",
    "lib/server/host/pages-process.ts",
  ]);
});

test("schemas of answers are loaded when the OpenAPI document is made, not by a request or a start", () => {
  const eager = readSources("lib").flatMap(({ path, text }) =>
    [...text.matchAll(/^import (?!type\b)[^;]*? from "([^"]*answer-schema\.ts)";/gm)].map(
      ([, target]) => `${path} ${target}`,
    ),
  );
  expect(eager).toEqual([]);
});
