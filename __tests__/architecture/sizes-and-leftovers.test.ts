import { describe, expect, test } from "vitest";
import { exportsOf, functionsOf, importedNames, membersOf, usedNames } from "./declarations.ts";
import { readSources, type SourceFile } from "./source-files.ts";

const lib = readSources("lib");
const all = [...lib, ...readSources("app")];
/** What makes the router's weights uses the code that reads them. */
const users = [...all, ...readSources("training")];

const MAX_FILE_LINES = 250;
const MAX_FUNCTION_LINES = 50;
/** Markup takes lines: one element, one line. */
const MAX_COMPONENT_LINES = 60;

/** Files that may be longer, with their length. Today none. */
const LONG_FILES: Readonly<Record<string, number>> = {};

/** Functions that may be longer. Today none. */
const LONG_FUNCTIONS: Readonly<Record<string, number>> = {};

/** Exported for tests and for clients of the protocol, and used by nothing else. The list may only shrink. */
const FOR_TESTS_AND_CLIENTS: readonly string[] = [
  // The brief names these as the protocol's own writer, parser and usage reader.
  "lib/streaming/events.ts parseEvent",
  "lib/streaming/events.ts readUsageEvent",
  "lib/streaming/events.ts serializeEvent",
  // Next.js calls it, through `instrumentation.ts`.
  "lib/server/host/next-instrumentation.ts registerTelemetry",
  // Parts that are tested by themselves.
  "lib/adapters/supabase/session-cookies.ts hasSessionCookie",
  "lib/local-supabase/secrets.ts generateSecrets",
  "lib/providers/failures/retry-hint.ts parseDuration",
  "lib/providers/failures/run-errors.ts inWords",
  "lib/providers/protocols/index.ts PROTOCOLS",
  "lib/providers/vendors/credentials.ts engineKey",
  "lib/server/http/declaration.ts METHODS",
  "lib/server/http/fast/node-request.ts parseRequestUrl",
  "lib/server/wiring/gateway.ts createGateway",
  "lib/streaming/sse-reader.ts MAX_SSE_LINE",
  "lib/streaming/sse-writer.ts HEARTBEAT_MS",
  "lib/streaming/sse-writer.ts READER_TIMEOUT_MS",
];

/** Members that somebody else reads. The list may only shrink. */
const READ_BY_OTHERS: readonly string[] = [
  // undici, web streams and the reader of SSE call these.
  "lib/adapters/http/upstream.ts onRequestStart",
  "lib/adapters/http/upstream.ts onResponseData",
  "lib/adapters/http/upstream.ts onResponseEnd",
  "lib/adapters/http/upstream.ts onResponseError",
  "lib/adapters/http/upstream.ts onResponseStart",
  "lib/adapters/supabase/rpc-transport.ts onRequestStart",
  "lib/adapters/supabase/rpc-transport.ts onResponseData",
  "lib/adapters/supabase/rpc-transport.ts onResponseEnd",
  "lib/adapters/supabase/rpc-transport.ts onResponseError",
  "lib/adapters/supabase/rpc-transport.ts onResponseStart",
  // OpenTelemetry's base class calls these.
  "lib/adapters/telemetry/registry.ts onForceFlush",
  "lib/adapters/telemetry/registry.ts onShutdown",
  "lib/browser/event-stream.ts onError",
  "lib/browser/event-stream.ts onEvent",
  "lib/server/http/fast/body-stream.ts pull",
  "lib/streaming/sse-writer.ts pull",
  // Whoever reads a JSON answer, or a Response.
  "lib/server/http/fast/plain-response.ts redirected",
  "lib/server/wiring/configuration/reloaded-file.ts failedAt",
  "lib/server/wiring/configuration/reloaded-file.ts loadedAt",
  "lib/services/plugins/whole-answer.ts encoding",
  // Made ahead of the operator's view, of shared health and of roles.
  // Tests stop Postgres by it.
  "lib/local-supabase/start.ts postgresPid",
];

const linesOf = ({ text }: SourceFile): number => text.split("\n").length - 1;

describe("nothing is larger than a reader can hold", () => {
  test("files", () => {
    const long = all
      // Strings of pages are a table, as long as there are words.
      .filter((file) => linesOf(file) > MAX_FILE_LINES && !file.path.startsWith("app/_strings/"))
      .map((file) => [file.path, linesOf(file)]);
    expect(Object.fromEntries(long)).toEqual(LONG_FILES);
  });

  test("functions", () => {
    const long = all.flatMap((file) => {
      const max = file.path.endsWith(".tsx") ? MAX_COMPONENT_LINES : MAX_FUNCTION_LINES;
      return functionsOf(file).filter(({ lines }) => lines > max);
    });
    expect(Object.fromEntries(long.map(({ name, lines }) => [name, lines]))).toEqual(LONG_FUNCTIONS);
  });
});

describe("nothing is left over", () => {
  test("every export is imported somewhere; types may stand in the signatures of their own file alone", () => {
    const imported = new Set(users.flatMap(importedNames));
    const dead = lib.flatMap((file) =>
      exportsOf(file)
        .filter(({ name }) => !imported.has(`${file.path} ${name}`) && !imported.has(`${file.path} *`))
        .filter(({ name, isType }) => !(isType && file.text.split(new RegExp(`\\b${name}\\b`)).length > 2))
        .map(({ name }) => `${file.path} ${name}`),
    );
    expect(dead.sort()).toEqual([...FOR_TESTS_AND_CLIENTS].sort());
  });

  test("every member of a class or type is read somewhere", () => {
    const used = new Set(users.flatMap((file) => [...usedNames(file)]));
    const dead = lib.flatMap((file) =>
      membersOf(file)
        .filter(({ name }) => !used.has(name))
        .map(({ name }) => `${file.path} ${name}`),
    );
    expect([...new Set(dead)].sort()).toEqual([...READ_BY_OTHERS].sort());
  });
});
