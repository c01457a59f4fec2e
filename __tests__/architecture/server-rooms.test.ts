import { expect, test } from "vitest";
import { rankOf, roomOf } from "./rooms.ts";
import { readSources } from "./source-files.ts";

const files = readSources("lib/server");

test("who is calling is found out by ports: the rooms below wiring know no adapter", () => {
  const direct = files
    .filter(({ path }) => rankOf(roomOf(path) ?? "") < rankOf("lib/server/wiring/"))
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
