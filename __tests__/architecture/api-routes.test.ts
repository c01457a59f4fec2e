import { describe, expect, test } from "vitest";
import { API } from "#lib/server/routes/api-routes.ts";
import type { GatewayRoute } from "#lib/server/routes/gateway-route.ts";
import nextConfig from "../../next.config.ts";
import { readSources, type SourceFile } from "./source-files.ts";

const files = readSources("app/api").filter(({ path }) => /\/route\.tsx?$/.test(path));
const declared: readonly GatewayRoute[] = [...API.routes, API.notFound];

/** What Next and Vercel read of a route file, and nothing more. */
const ROUTE_FILE =
  /^import \{ nextRoute \} from "#lib\/server\/host\/next-route\.ts";\nimport \{ (\w+) \} from "(#lib\/server\/routes\/[\w-]+\.ts)";\n\nexport const dynamic = "force-dynamic";\nexport const \{ GET, POST, PUT, PATCH, DELETE, OPTIONS \} = nextRoute\(\1\);\n$/;

const pathOf = ({ path }: SourceFile): string => path.replace(/^app(\/.*)\/route\.tsx?$/, "$1");

/** The declaration that a route file hands to `nextRoute`. */
async function declarationOf({ text }: SourceFile): Promise<unknown> {
  const [, name = "", module = ""] = ROUTE_FILE.exec(text) ?? [];
  if (module === "") return undefined;
  const exported: Record<string, unknown> = await import(module.replace("#lib/", "../../lib/"));
  return exported[name];
}

describe("the self-host server and Next.js serve the same routes", () => {
  test("each route of the table has a file in app/api, and each file its route", () => {
    expect(files.map(pathOf).sort()).toEqual(declared.map(({ path }) => path).sort());
  });

  test.each(files.map((file) => [file.path, file] as const))(
    "%s hands over the declaration of its path, and nothing else",
    async (_, file) => {
      expect(file.text).toMatch(ROUTE_FILE);
      const route = await declarationOf(file);
      expect(declared).toContain(route);
      expect(route).toHaveProperty("path", pathOf(file));
    },
  );

  test("no path is declared twice", () => {
    const paths = declared.map(({ path }) => path);
    expect(new Set(paths).size).toBe(paths.length);
  });
});

describe("clients whose base URL lacks /api", () => {
  const paths = [
    "/v1",
    "/v1/",
    "/v1/chat/completions",
    "/v1/models",
    "/v1/anything/else",
    ...API.routes.map(({ path }) => path.replace(/^\/api(?:\/v1)?/, "")),
    ...API.routes.map(({ path }) => `${path.replace(/^\/api(?:\/v1)?/, "")}/more`),
    "/",
    "/v10",
    "/about",
    "/embeddingsx",
    "/chat",
    "/models",
    "/_next/static/x.js",
  ];

  test.each(paths)("Next.js sends %s to the API if the self-host server does", async (path) => {
    const rewrites = await nextConfig.rewrites?.();
    const [rewrite, ...others] = Array.isArray(rewrites) ? rewrites : [];
    expect(others).toEqual([]);
    const [, pattern = ""] = /^\/:path\((.*)\)$/.exec(rewrite?.source ?? "") ?? [];
    // A slash at the end is not Next's business: it redirects before it rewrites.
    const isRewritten = new RegExp(`^/(?:${pattern})$`).test(path.replace(/(.)\/$/, "$1"));
    // The self-host server takes everything below such a path; Next.js needs a pattern of its own for it.
    expect(isRewritten).toBe(API.isMisplaced(path));
  });

  test.each([
    ["/v1/chat/completions?x=1", true],
    ["/chat/completions", true],
    ["/embeddings", true],
    ["/messages", true],
    ["/messages/count_tokens", true],
    ["/responses", true],
    // A page could be called so.
    ["/models", false],
    ["/keys", false],
    ["/health", false],
    ["/ai-chat", false],
  ])("%s looks for the API: %s", (target, isMisplaced) => {
    expect(API.isMisplaced(target)).toBe(isMisplaced);
  });
});
