import { dirname, normalize } from "node:path/posix";
import { describe, expect, test } from "vitest";
import { docPages } from "../../app/docs/_docs/library.ts";
import { siteAddress } from "../../app/docs/_docs/links.ts";
import { NAVIGATION } from "../../app/docs/_docs/navigation.ts";
import { searchDocs } from "../../app/docs/_docs/search.ts";
import { linksOf, readPages } from "../docs/pages.ts";

const pages = await docPages();
const named = (name: string) => [...pages.values()].find((page) => page.name === name);

test("every page of the docs is a page of the site, with its title", () => {
  const files = [...readPages().current, ...readPages().historical]
    .map(({ path }) => /^docs\/(.+)\.md$/.exec(path)?.[1])
    .filter((name) => name !== undefined);
  expect([...pages.values()].map(({ name }) => name)).toEqual(expect.arrayContaining(files));
  for (const { title, name } of pages.values()) expect(title, name).not.toBe(name);
});

test("the navigation names pages that are there, each once", () => {
  const names = NAVIGATION.flatMap((group) => group.pages);
  expect(names.filter((name) => named(name) === undefined)).toEqual([]);
  expect(new Set(names).size).toBe(names.length);
});

test("every top page stands in the navigation", () => {
  const listed = new Set(NAVIGATION.flatMap((group) => group.pages));
  const missing = [...pages.values()]
    .map(({ name }) => name)
    .filter((name) => !name.includes("/") && !listed.has(name));
  expect(missing).toEqual([]);
});

describe("links between pages", () => {
  test.each([
    ["ENV-MATRIX", "FAILOVER.md#benches", "/docs/failover#benches"],
    ["ENV-MATRIX", "decisions/0005-prices.md", "/docs/decisions/0005-prices"],
    ["ENV-MATRIX", "decisions", "/docs/decisions"],
    ["decisions/0005-prices", "../COSTS.md", "/docs/costs"],
    ["decisions/0005-prices", "0004-continuation.md", "/docs/decisions/0004-continuation"],
    ["ENV-MATRIX", "images/admin.png", "/docs/images/admin.png"],
    ["ENV-MATRIX", "../lib/ai-models.ts", undefined],
    ["ENV-MATRIX", "../../etc/passwd", undefined],
    ["ENV-MATRIX", "https://example.com/a.md", undefined],
    ["ENV-MATRIX", "#timeouts", undefined],
  ])("in %s, %s is %s", (name, address, expected) => {
    expect(siteAddress(address, { name }, pages)).toBe(expected);
  });

  test("every link to a page of the docs leads to one of the site", () => {
    const { current } = readPages();
    const broken = current
      .filter(({ path }) => path.startsWith("docs/"))
      .flatMap((file) => {
        const name = file.path.replace(/^docs\/|\.md$/g, "");
        return (
          linksOf(file)
            // Files of the repository beside the docs are shown as text.
            .filter(
              ({ target }) =>
                target.endsWith(".md") && !normalize(`${dirname(name)}/${target}`).startsWith(".."),
            )
            .filter(({ target }) => siteAddress(target, { name }, pages) === undefined)
            .map(({ place, target }) => `${place} ${target}`)
        );
      });
    expect(broken).toEqual([]);
  });
});

describe("the search", () => {
  test.each([
    ["failover", "/docs/failover"],
    ["gateway keys rotate", "/docs/gateway-keys"],
    ["AUTH_FAILURES_PER_MINUTE", "/docs/"],
    ["circuit breaker", "/docs/"],
  ])("%s finds a section of %s", (query, path) => {
    const [first] = searchDocs(pages.values(), query);
    expect(first?.path).toContain(path);
  });

  test.each(["", "   ", "zzz-nowhere", "failover zzz-nowhere", ".*", "(", "<script>"])(
    "%j harms nothing",
    (query) => {
      expect(searchDocs(pages.values(), query).length).toBeLessThanOrEqual(30);
    },
  );
});
