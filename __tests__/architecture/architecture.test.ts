import ts from "typescript";
import { describe, expect, test } from "vitest";
import { emptyRooms, rankOf, roomOf } from "./rooms.ts";
import { lineOf, nodes, readSources, type SourceFile } from "./source-files.ts";

const lib = readSources("lib");
const app = readSources("app");
const all = [...lib, ...app];

/** `file:line` of every import that is not allowed. */
function offences(
  files: readonly SourceFile[],
  isAllowed: (file: SourceFile, target: string) => boolean,
): string[] {
  return files.flatMap((file) =>
    file.imports
      .filter(({ target }) => !isAllowed(file, target))
      .map(({ line, target }) => `${file.path}:${line} imports ${target}`),
  );
}

function places(files: readonly SourceFile[], isOffence: (node: ts.Node) => boolean): string[] {
  return files.flatMap((file) =>
    [...nodes(file.tree)]
      .filter(isOffence)
      .map((node) => `${file.path}:${lineOf(file, node)} ${node.getText().slice(0, 60)}`),
  );
}

const isOurs = (target: string): boolean => /^(?:lib|app)\//.test(target);
const isCode = (path: string): boolean => /\.tsx?$/.test(path);

describe("arrows run one way", () => {
  test("every file stands in a room, and every room has a file", () => {
    const paths = all.map(({ path }) => path);
    expect(paths.filter((path) => roomOf(path) === undefined)).toEqual([]);
    expect(emptyRooms(paths)).toEqual([]);
  });

  test("from higher rooms to lower ones; imports of types count", () => {
    const wrong = offences(all, ({ path }, target) => {
      if (!isOurs(target) || target.endsWith(".css")) return true;
      const [from, to] = [roomOf(path), roomOf(target)];
      return from !== undefined && to !== undefined && (from === to || rankOf(to) < rankOf(from));
    });
    expect(wrong).toEqual([]);
  });

  test("adapters and the local Supabase are known to the server alone", () => {
    const behindPorts = /^lib\/(?:adapters|local-supabase)\//;
    const rest = all.filter(({ path }) => !/^lib\/(?:adapters|local-supabase|server)\//.test(path));
    expect(offences(rest, (_, target) => !behindPorts.test(target))).toEqual([]);
  });

  test("only API routes reach the server; pages ask the API", () => {
    const pages = app.filter(({ path }) => !/^app\/api\/.*route\.ts$/.test(path));
    expect(offences(pages, (_, target) => !/^lib\/(?!browser\/|public-env\.ts$)/.test(target))).toEqual([]);
  });

  test("what browsers load knows nothing of Node, of zod and of the server", () => {
    const browser = lib.filter(({ path }) => path.startsWith("lib/browser/"));
    const allowed =
      /^(?:lib\/(?:browser|shared)\/|lib\/streaming\/(?:agent-)?events\.ts$|eventsource-parser|marked$|remend$|highlight\.js)/;
    expect(offences(browser, (_, target) => allowed.test(target))).toEqual([]);
    // Types alone: the events' schemas are zod's.
    const values = browser.filter(({ text }) =>
      /^import (?!type\b)[^;]*streaming\/(?:agent-)?events\.ts/m.test(text),
    );
    expect(values.map(({ path }) => path)).toEqual([]);
  });

  test("every import of ours names a file that is there, by #lib, with its extension", () => {
    const known = new Set(all.map(({ path }) => path));
    expect(offences(all, (_, target) => !isOurs(target) || !isCode(target) || known.has(target))).toEqual([]);
    expect(offences(all, (_, target) => !isOurs(target) || /\.(?:tsx?|css|json)$/.test(target))).toEqual([]);
    const relative = lib.flatMap(({ path, imports }) =>
      imports
        .filter(({ specifier }) => specifier.startsWith(".") && isCode(specifier))
        .map(({ specifier }) => `${path} ${specifier}`),
    );
    // Turbopack bundles a thread only if it can read the options of its worker.
    const threads = lib.filter(({ text }) => text.includes('-thread.ts", import.meta.url'));
    const unread = threads.filter(({ text }) => !/-thread\.ts", import\.meta\.url\), \{\s/.test(text));
    expect(unread.map(({ path }) => path)).toEqual([]);
    // A worker's file is named relative to the file that starts it.
    expect(relative).toEqual([
      "lib/adapters/workers/document-pool.ts ./document-thread.ts",
      "lib/adapters/workers/pdf-pool.ts ./pdf-thread.ts",
      "lib/adapters/workers/workbook-pool.ts ./workbook-thread.ts",
      "lib/local-supabase/api.ts ./api-thread.ts",
      "lib/server/cli/run-next.ts ../host/no-version-check.ts",
      "lib/server/host/pages.ts ./pages-process.ts",
    ]);
  });

  test("the options of a worker are a literal object: Turbopack leaves the file of any other out of a build", () => {
    const other = /new Worker\(\s*new URL\([^)]*\)\s*(?:,\s*[^{\s])/;
    expect(lib.filter(({ text }) => other.test(text)).map(({ path }) => path)).toEqual([]);
  });

  test("the public APIs know no provider: they read and write the neutral vocabulary", () => {
    const apis = lib.filter(({ path }) => path.startsWith("lib/apis/"));
    expect(offences(apis, (_, target) => !target.startsWith("lib/providers/"))).toEqual([]);
  });

  test("the public APIs know nothing of each other", () => {
    const apiOf = (path: string): string | undefined => /^lib\/apis\/([\w-]+)\//.exec(path)?.[1];
    const wrong = offences(lib, ({ path }, target) => {
      const [from, to] = [apiOf(path), apiOf(target)];
      return from === undefined || to === undefined || from === to;
    });
    expect(wrong).toEqual([]);
  });

  test("no files import each other in a circle", () => {
    const byPath = new Map(all.map((file) => [file.path, file]));
    const done = new Set<string>();
    const circles: string[] = [];
    const visit = (path: string, trail: readonly string[]): void => {
      const at = trail.indexOf(path);
      if (at !== -1) circles.push([...trail.slice(at), path].join(" → "));
      if (at !== -1 || done.has(path)) return;
      for (const { target } of byPath.get(path)?.imports ?? [])
        if (byPath.has(target)) visit(target, [...trail, path]);
      done.add(path);
    };
    for (const { path } of all) visit(path, []);
    expect(circles).toEqual([]);
  });

  test("nothing is dead: every file is imported, or is where something starts", () => {
    const imported = new Set(all.flatMap(({ imports }) => imports.map(({ target }) => target)));
    // `ask` has its first users in later issues: memory, suggestions, the router, the agent.
    // `instrumentation.ts` beside `app` starts the last one.
    const starts =
      /^lib\/(?:server\/cli\/(?:dev|doctor|key|ledger|models-check|start)|services\/ask|server\/host\/next-instrumentation)\.ts$/;
    const dead = lib.map(({ path }) => path).filter((path) => !imported.has(path) && !starts.test(path));
    expect(dead).toEqual([]);
  });
});

describe("effects have their places", () => {
  test("Next.js is known to app and lib/server only", () => {
    const rest = lib.filter(({ path }) => !path.startsWith("lib/server/"));
    expect(offences(rest, (_, target) => !/^(?:next|@next|react)(?:\/|$)/.test(target))).toEqual([]);
  });

  test("the environment is read in one server file and one public one", () => {
    const readers = new Set(
      places(all, (node) => ts.isPropertyAccessExpression(node) && /^process\.env$/.test(node.getText())).map(
        (place) => place.split(":")[0],
      ),
    );
    expect([...readers].sort()).toEqual(["lib/public-env.ts", "lib/server/env/env.ts"]);
    const hidden = places(
      all,
      (node) => ts.isImportDeclaration(node) && /\benv\b.*from "(?:node:)?process"/.test(node.getText()),
    );
    expect(hidden).toEqual([]);
    const indirect = places(
      all,
      (node) => ts.isElementAccessExpression(node) && /^process\[/.test(node.getText()),
    );
    expect(indirect).toEqual([]);
  });

  test("pages read public variables only", () => {
    const [publicEnv] = lib.filter(({ path }) => path === "lib/public-env.ts");
    expect(publicEnv?.text.match(/process\.env\.(?!NEXT_PUBLIC_)\w+/g)).toBeNull();
  });

  test("no secret's name stands in app or in public-env", () => {
    const text = [...app, ...lib.filter(({ path }) => path === "lib/public-env.ts")];
    const named = text.filter((file) =>
      /SERVICE_ROLE|JWT_SECRET|secretKey|process\.env\.(?!NEXT_PUBLIC_)/.test(file.text),
    );
    expect(named.map(({ path }) => path)).toEqual([]);
  });

  test("one file sees the service role", () => {
    const makers = lib.filter(({ text }) =>
      /createClient\([^)]*serviceRole|build\(options\.serviceRoleKey/.test(text),
    );
    expect(makers.map(({ path }) => path)).toEqual(["lib/adapters/supabase/clients.ts"]);
  });

  test("each stream's frames are written in one file, and all frames are read in one", () => {
    const isString = (node: ts.Node): boolean => ts.isStringLiteralLike(node) || ts.isTemplateHead(node);
    const frames = places(all, (node) => isString(node) && /^[`'"](?:data|event): /.test(node.getText()));
    const writers = [...new Set(frames.map((place) => place.split(":")[0]))];
    const ofApis = /^lib\/apis\/[\w-]+\/(?:write|event-frames)\.ts$/;
    // The sandbox is a provider: it writes OpenAI's frames, to be read by our reader.
    expect(writers.filter((path = "") => !ofApis.test(path)).sort()).toEqual([
      "lib/adapters/sandbox/sandbox-upstream.ts",
      "lib/streaming/agent-events.ts",
      "lib/streaming/events.ts",
    ]);
    const parsers = lib.filter(({ imports }) =>
      imports.some(({ target }) => target.startsWith("eventsource-parser")),
    );
    // A browser reads the native stream alone; the server's reader defends itself against providers.
    expect(parsers.map(({ path }) => path)).toEqual([
      "lib/browser/event-stream.ts",
      "lib/streaming/sse-reader.ts",
    ]);
  });

  test("providers are called through the upstream port: fetch and undici have few users", () => {
    const users = new Set(
      places(lib, (node) => ts.isCallExpression(node) && node.expression.getText() === "fetch").map(
        (place) => place.split(":")[0],
      ),
    );
    for (const { path, imports } of lib)
      if (imports.some(({ target }) => target === "undici")) users.add(path);
    expect([...users].sort()).toEqual([
      "lib/adapters/http/json-http.ts",
      "lib/adapters/http/origin-agents.ts",
      "lib/adapters/http/probe.ts",
      "lib/adapters/http/upstream.ts",
      // The official client of MCP takes a `fetch`.
      "lib/adapters/mcp/capped-fetch.ts",
      "lib/adapters/supabase/access-tokens.ts",
      "lib/adapters/supabase/cookie-client.ts",
      "lib/adapters/supabase/rpc-transport.ts",
      "lib/adapters/telemetry/otlp-sender.ts",
      "lib/browser/api.ts",
    ]);
  });

  test("time and chance come as arguments outside adapters and the composition root", () => {
    const pure = lib.filter(({ path }) => /^lib\/(?!adapters|local-supabase|server)/.test(path));
    const impure = places(
      pure,
      (node) =>
        ts.isCallExpression(node) &&
        /^(?:Date\.now|Math\.random|performance\.now|setTimeout|setInterval|crypto\.randomUUID|randomUUID)$/.test(
          node.expression.getText(),
        ),
    );
    expect(impure).toEqual([]);
  });
});

describe("the language", () => {
  test("there is no any", () => {
    expect(places(all, (node) => node.kind === ts.SyntaxKind.AnyKeyword)).toEqual([]);
  });

  test("nothing tells the compiler or the linter to look away", () => {
    const silenced = all.flatMap(({ path, text }) =>
      text
        .split("\n")
        .flatMap((line, index) =>
          /@ts-(?:ignore|expect-error|nocheck)|biome-ignore|eslint-disable/.test(line)
            ? [`${path}:${index + 1}`]
            : [],
        ),
    );
    expect(silenced).toEqual([]);
  });

  test("nothing is swallowed by an empty catch", () => {
    const empty = places(all, (node) => {
      if (ts.isCatchClause(node)) return node.block.statements.length === 0;
      if (!ts.isCallExpression(node) || !ts.isPropertyAccessExpression(node.expression)) return false;
      return (
        node.expression.name.text === "catch" &&
        /^(?:async\s*)?\(?\w*\)?\s*=>\s*(?:\{\s*\}|undefined|null|void 0)$/.test(
          node.arguments[0]?.getText() ?? "",
        )
      );
    });
    expect(empty).toEqual([]);
  });

  test("no error is thrown as a bare string or a plain object", () => {
    const thrown = places(
      all,
      (node) => ts.isThrowStatement(node) && /^throw\s*(?:["'`{])/.test(node.getText()),
    );
    expect(thrown).toEqual([]);
  });

  test("nothing asserts that a value is there", () => {
    expect(places(all, (node) => ts.isNonNullExpression(node))).toEqual([]);
  });

  test("files are named in kebab-case, and none is called v2, utils or helpers", () => {
    const odd = lib
      .map(({ path }) => path)
      .filter(
        (path) =>
          !/^(?:[a-z0-9]+(?:-[a-z0-9]+)*\/)*[a-z0-9]+(?:-[a-z0-9]+)*\.ts$/.test(path) ||
          /\b(?:v2|utils?|helpers?|misc|common)\b/.test(path),
      );
    expect(odd).toEqual([]);
  });
});

describe("the tests", () => {
  test("take fast-check from support/properties.ts, so that two runs look at the same examples", () => {
    const direct = readSources("__tests__")
      .filter(({ text }) => text.includes("fast-check"))
      .filter(({ imports }) => imports.some(({ target }) => target === "fast-check"))
      .map(({ path }) => path);
    expect(direct).toEqual(["__tests__/support/properties.ts"]);
  });
});
