import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { jsonHttp } from "#lib/adapters/http/json-http.ts";
import { hackerNews } from "#lib/tools/news/hacker-news.ts";
import { readStories } from "#lib/tools/news/stories.ts";
import { FakeClock } from "../support/fake-clock.ts";
import { type FakeUpstream, type Script, startFakeUpstream } from "../support/fake-upstream.ts";

let source: FakeUpstream;
beforeAll(async () => {
  source = await startFakeUpstream(() => undefined);
});
afterAll(() => source.stop());
beforeEach(() => {
  source.requests.length = 0;
  source.script = (exchange) => exchange.json(200, ANSWER);
});

/** As hn.algolia.com answers: with more fields than are read, and an "Ask HN" without a page. */
const hit = (changes: object = {}) => ({
  _highlightResult: { title: { value: "A compiler", matchLevel: "none" } },
  _tags: ["story", "author_a", "story_1", "front_page"],
  author: "a",
  children: [2, 3],
  created_at: "2026-11-26T10:20:30Z",
  created_at_i: 1_795_688_430,
  num_comments: 45,
  objectID: "1",
  points: 120,
  title: "A compiler",
  updated_at: "2026-11-26T12:00:00Z",
  url: "https://compiler.example/post",
  ...changes,
});
const ANSWER = {
  exhaustive: { nbHits: true },
  hits: [
    hit(),
    hit({ objectID: "2", title: "Ask HN: Which editor?", url: null, points: 300, num_comments: 210 }),
    hit({ objectID: "3", title: "A trap", url: "javascript:alert(1)", points: 5, num_comments: null }),
    hit({ objectID: "4", title: null, comment_text: "A comment" }),
    hit({ objectID: "../5", title: "An odd id" }),
    "no hit at all",
  ],
  hitsPerPage: 30,
  nbHits: 5,
  page: 0,
};

function setUp() {
  const clock = new FakeClock(Date.UTC(2026, 10, 27, 9, 30));
  const tool = hackerNews({ http: jsonHttp, clock, baseUrl: source.origin });
  const run = (input: object = {}, signal = new AbortController().signal) => tool.run(input, { signal });
  return { clock, run };
}
const asked = (): URL[] => source.requests.map(({ path }) => new URL(path, source.origin));

describe("the front page", () => {
  test.each([
    ["with a password", "https://user:secret@evil.example/"],
    ["of any length", `https://long.example/?${"q".repeat(100_000)}`],
  ])("a story with an address %s has its discussion as link", (_, url) => {
    expect(readStories({ hits: [hit({ url })] })).toMatchObject([
      { url: "https://news.ycombinator.com/item?id=1" },
    ]);
  });

  test("is told by points, with comments, dates and links; what is no story is left out", async () => {
    const { text, links, asOf, source: from } = await setUp().run();
    expect(text.split("\n")).toEqual([
      "Top stories on Hacker News:",
      "1. Ask HN: Which editor? | 300 points, 210 comments, 2026-11-26 | https://news.ycombinator.com/item?id=2",
      "2. A compiler | 120 points, 45 comments, 2026-11-26 | https://compiler.example/post (discussion: https://news.ycombinator.com/item?id=1)",
      "3. A trap | 5 points, 0 comments, 2026-11-26 | https://news.ycombinator.com/item?id=3",
    ]);
    expect(links?.map(({ uri }) => uri)).toEqual([
      "https://news.ycombinator.com/item?id=2",
      "https://compiler.example/post",
      "https://news.ycombinator.com/item?id=3",
    ]);
    expect({ asOf, name: from.name }).toEqual({ asOf: "2026-11-27T09:30Z", name: "Hacker News" });
    expect(asked()[0]?.pathname).toBe("/api/v1/search");
    expect(asked()[0]?.searchParams.get("tags")).toBe("front_page");
  });

  test("is fetched once in five minutes", async () => {
    const { clock, run } = setUp();
    await Promise.all([run(), run()]);
    clock.advance(299_000);
    expect((await run()).asOf).toBe("2026-11-27T09:30Z");
    expect(source.requests).toHaveLength(1);
    clock.advance(1_000);
    expect((await run()).asOf).toBe("2026-11-27T09:35Z");
    expect(source.requests).toHaveLength(2);
  });
});

describe("stories", () => {
  const since = (days: number): string => `created_at_i>${Date.UTC(2026, 10, 27) / 1_000 - days * 86_400}`;
  test.each<[string, object, Record<string, string | null>, string]>([
    [
      "about a subject",
      { subject: "c++ & rust" },
      { query: "c++ & rust", tags: "story", numericFilters: since(365) },
      "/api/v1/search",
    ],
    [
      "that are new",
      { order: "newest" },
      { query: null, tags: "story", numericFilters: null },
      "/api/v1/search_by_date",
    ],
    ["of a week", { days: 7 }, { tags: "story", numericFilters: since(7) }, "/api/v1/search"],
    [
      "that are new, about a subject",
      { order: "newest", subject: "zig" },
      { query: "zig", numericFilters: null },
      "/api/v1/search_by_date",
    ],
  ])("%s", async (_, input, parameters, path) => {
    await setUp().run(input);
    const [url] = asked();
    expect(url?.pathname).toBe(path);
    expect(
      Object.fromEntries(Object.keys(parameters).map((name) => [name, url?.searchParams.get(name)])),
    ).toEqual(parameters);
  });

  test("of which there are none are said to be none", async () => {
    source.script = (exchange) => exchange.json(200, { hits: [], nbHits: 0 });
    const { text, links } = await setUp().run({ subject: "zzz" });
    expect(text).toBe('Top stories on Hacker News about "zzz":\nThere are none.');
    expect(links).toEqual([]);
  });

  test("at most ten are told", async () => {
    source.script = (exchange) =>
      exchange.json(200, {
        hits: Array.from({ length: 30 }, (_, index) => hit({ objectID: String(index) })),
      });
    expect((await setUp().run()).links).toHaveLength(10);
  });
});

const FAILURES: readonly [string, Script, object][] = [
  ["429", (exchange) => exchange.json(429, { message: "Too many" }), { kind: "status", status: 429 }],
  ["500 as HTML", (exchange) => exchange.respond(500, "<html>"), { kind: "status", status: 500 }],
  ["HTML", (exchange) => exchange.respond(200, "<html>"), { kind: "garbage" }],
  ["JSON of another form", (exchange) => exchange.json(200, { hits: "none" }), { kind: "garbage" }],
  ["a list", (exchange) => exchange.json(200, []), { kind: "garbage" }],
  ["a reset", (exchange) => exchange.reset(), { kind: "unreachable" }],
  [
    "a redirect",
    (exchange) => exchange.respond(302, "", { location: "/x" }),
    { kind: "status", status: 302 },
  ],
];

test.each(FAILURES)(
  "a source that answers with %s is a failure, and is asked again",
  async (_, script, failure) => {
    const { run } = setUp();
    source.script = script;
    await expect(run()).rejects.toMatchObject({ failure });
    source.script = (exchange) => exchange.json(200, ANSWER);
    expect((await run()).links).toHaveLength(3);
  },
);

test("an input that does not fit is refused, and nothing is asked", async () => {
  await expect(setUp().run({ days: 0 })).rejects.toMatchObject({ code: "invalid_request" });
  await expect(setUp().run({ subject: "x".repeat(81) })).rejects.toMatchObject({ code: "invalid_request" });
  expect(source.requests).toEqual([]);
});

test("a client that leaves closes the connection", async () => {
  const leaving = new AbortController();
  const closed = new Promise<void>((resolve) => {
    source.script = async (exchange) => {
      leaving.abort(new Error("left"));
      await exchange.closed();
      resolve();
    };
  });
  await expect(setUp().run({}, leaving.signal)).rejects.toThrow("left");
  await closed;
});
