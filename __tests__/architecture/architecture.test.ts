import ts from "typescript";
import { describe, expect, test } from "vitest";
import { lineOf, nodes, readSources, type SourceFile } from "./source-files.ts";

const lib = readSources("lib");
const app = readSources("app");
const all = [...lib, ...app];

const DOMAIN = [
  "ai-models.ts",
  "apis",
  "chat",
  "export",
  "plugins",
  "prompts",
  "providers",
  "quota",
  "router",
  "sanitize",
  "streaming",
  "tools",
];
type Layer =
  | "app"
  | "public-env"
  | "server"
  | "local-supabase"
  | "adapters"
  | "services"
  | "domain"
  | "shared";

/** Who may import whom. Arrows run one way; imports of types count. */
const MAY_IMPORT: Readonly<Record<Layer, readonly Layer[]>> = {
  app: ["app", "public-env", "server"],
  "public-env": [],
  server: ["server", "services", "domain", "shared", "adapters", "local-supabase"],
  // A tool of development and self-hosting.
  "local-supabase": ["local-supabase", "adapters", "services", "shared"],
  // Adapters implement the ports that services and the domain declare.
  adapters: ["adapters", "services", "domain", "shared"],
  services: ["services", "domain", "shared"],
  domain: ["domain", "shared"],
  shared: ["shared"],
};

function layerOf(path: string): Layer | undefined {
  const [root, folder = ""] = path.split("/");
  if (root === "app") return "app";
  if (root !== "lib") return undefined;
  if (folder === "public-env.ts") return "public-env";
  switch (folder) {
    case "server":
    case "local-supabase":
    case "adapters":
    case "services":
    case "shared":
      return folder;
  }
  return DOMAIN.includes(folder) ? "domain" : undefined;
}

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
  test("every file belongs to a layer", () => {
    expect(all.filter(({ path }) => layerOf(path) === undefined).map(({ path }) => path)).toEqual([]);
  });

  test("app → server → services → domain → shared; adapters hang from the server", () => {
    const wrong = offences(all, ({ path }, target) => {
      const from = layerOf(path);
      const to = layerOf(target);
      if (!isOurs(target) || target.endsWith(".css")) return true;
      return from !== undefined && to !== undefined && MAY_IMPORT[from].includes(to);
    });
    expect(wrong).toEqual([]);
  });

  test("only API routes reach the server; pages ask the API", () => {
    const pages = app.filter(({ path }) => !/^app\/api\/.*route\.ts$/.test(path));
    expect(
      offences(pages, (_, target) => !target.startsWith("lib/") || target === "lib/public-env.ts"),
    ).toEqual([]);
  });

  test("every import of ours names a file that is there, by #lib, with its extension", () => {
    const known = new Set(all.map(({ path }) => path));
    expect(offences(all, (_, target) => !isOurs(target) || !isCode(target) || known.has(target))).toEqual([]);
    expect(offences(all, (_, target) => !isOurs(target) || /\.(?:tsx?|css)$/.test(target))).toEqual([]);
    const relative = lib.flatMap(({ path, imports }) =>
      imports
        .filter(({ specifier }) => specifier.startsWith(".") && isCode(specifier))
        .map(({ specifier }) => `${path} ${specifier}`),
    );
    // A worker's file is named relative to the file that starts it.
    expect(relative).toEqual([
      "lib/local-supabase/api.ts ./api-thread.ts",
      "lib/server/host/pages.ts ./pages-process.ts",
    ]);
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
    const starts = /^lib\/(?:server\/cli\/(?:dev|key|start)|services\/ask)\.ts$/;
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
    const frames = places(all, (node) => isString(node) && /^[`'"]data: /.test(node.getText()));
    const writers = [...new Set(frames.map((place) => place.split(":")[0]))];
    const ofApis = /^lib\/apis\/[\w-]+\/write\.ts$/;
    // The sandbox is a provider: it writes OpenAI's frames, to be read by our reader.
    expect(writers.filter((path = "") => !ofApis.test(path)).sort()).toEqual([
      "lib/adapters/sandbox/sandbox-upstream.ts",
      "lib/streaming/events.ts",
    ]);
    const parsers = lib.filter(({ imports }) =>
      imports.some(({ target }) => target.startsWith("eventsource-parser")),
    );
    expect(parsers.map(({ path }) => path)).toEqual(["lib/streaming/sse-reader.ts"]);
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
      "lib/adapters/http/upstream.ts",
      "lib/adapters/supabase/access-tokens.ts",
      "lib/adapters/supabase/session-cookies.ts",
      "lib/server/wiring/local-ollama.ts",
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
