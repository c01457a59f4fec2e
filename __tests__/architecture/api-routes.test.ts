import { describe, expect, test } from "vitest";
import { API_ROUTES, apiRouter, type RouteDefinition } from "#lib/server/routes/api-routes.ts";
import { readSources, type SourceFile } from "./source-files.ts";

const files = readSources("app/api").filter(({ path }) => /\/route\.tsx?$/.test(path));
const CATCH_ALL = "/api/[...path]";

const pathOf = ({ path }: SourceFile): string => path.replace(/^app(\/.*)\/route\.tsx?$/, "$1");

/** The definition that a route file hands to `nextRoute`, and the module that it comes from. */
function definitionOf({ text }: SourceFile): string {
  const name = /nextRoute\((\w+)\)/.exec(text)?.[1];
  const module = new RegExp(`import \\{[^}]*\\b${name}\\b[^}]*\\} from "([^"]+)"`).exec(text)?.[1];
  return `${name} of ${module}`;
}

/** The same for each row of the table. */
function tableDefinitions(): Map<string, string> {
  const [table] = readSources("lib/server").filter(({ path }) => path === "lib/server/routes/api-routes.ts");
  const rows = [...(table?.text.matchAll(/^ {2}"(\/api\/[^"]+)": (\w+),$/gm) ?? [])];
  return new Map(
    rows.map(([, path = "", name = ""]) => {
      const module = new RegExp(`import \\{[^}]*\\b${name}\\b[^}]*\\} from "([^"]+)"`).exec(
        table?.text ?? "",
      )?.[1];
      return [path, `${name} of ${module}`];
    }),
  );
}

describe("the self-host server and Next.js serve the same routes", () => {
  test("each route file has its row in the table, with the same definition, and each row its file", () => {
    const byFile = files
      .map((file) => [pathOf(file), definitionOf(file)])
      .filter(([path]) => path !== CATCH_ALL);
    expect(Object.fromEntries(byFile)).toEqual(Object.fromEntries(tableDefinitions()));
    expect([...tableDefinitions().keys()].sort()).toEqual(Object.keys(API_ROUTES).sort());
  });

  test("anything else is not found, in both", () => {
    const [rest] = files.filter((file) => pathOf(file) === CATCH_ALL);
    expect(rest === undefined ? "" : definitionOf(rest)).toBe("notFound of #lib/server/routes/not-found.ts");
  });
});

describe("the router", () => {
  const source = async () => {
    throw new Error("No gateway is needed to find a route.");
  };
  const named =
    (name: string): RouteDefinition =>
    () =>
    async () =>
      new Response(name);
  const router = apiRouter(source, {
    "/api/all/[...rest]": named("all"),
    "/api/all/[id]": named("one"),
    "/api/all/fixed": named("fixed"),
    "/api/all": named("list"),
    "/api/all/[id]/part": named("part"),
  });

  test.each([
    ["/api/all", "list"],
    ["/api/all/", "list"],
    ["/api/all/fixed", "fixed"],
    ["/api/all/7", "one"],
    ["/api/all/7/", "one"],
    ["/api/all/7/part", "part"],
    ["/api/all/7/other", "all"],
    ["/api/all/a/b/c", "all"],
  ])("%s is %s", async (path, name) => {
    const response = await router(path)(new Request("http://x/"), { waitUntil: () => undefined });
    expect(await response.text()).toBe(name);
  });

  test.each([
    "/api",
    "/api/",
    "/api//",
    "/api/al",
    "/api/ALL",
    "/api/all//",
    "/api/__proto__",
    "/api/constructor",
  ])("%s is not found", (path) => {
    expect(router(path)).toBe(router("/api/nothing"));
  });
});
