import { describe, expect, test } from "vitest";
import { searchQuery } from "#lib/tools/web-search/search-query.ts";
import { expectLinear } from "../../support/linear.ts";

const user = (content: string) => ({ role: "user" as const, content });
const assistant = (content: string) => ({ role: "assistant" as const, content });
const LONG_LINE = "The committee met in the town hall and discussed the budget of the coming year. ".repeat(
  20,
);
const WEATHER = "What will the weather be like in Lisbon this weekend?";

const QUERIES: readonly [string, Parameters<typeof searchQuery>[0], string][] = [
  ["a message as it is", { message: `  ${WEATHER}\n`, history: [user("Hello")] }, WEATHER],
  [
    "a follow-up after its subject",
    { message: "and tomorrow?", history: [user(WEATHER)] },
    `${WEATHER} and tomorrow?`,
  ],
  [
    "a follow-up of a follow-up",
    {
      message: "and on Monday?",
      history: [user(WEATHER), assistant("Sunny."), user("and in Porto?"), assistant("Rain.")],
    },
    `${WEATHER} and in Porto? and on Monday?`,
  ],
  ["a short message without a conversation", { message: "bitcoin price", history: [] }, "bitcoin price"],
  [
    "a short message after short ones alone",
    { message: "and ETH?", history: [user("hi"), user("BTC?")] },
    "BTC? and ETH?",
  ],
  [
    "what the assistant said is not searched for",
    { message: "why?", history: [assistant("A very long answer about everything.")] },
    "why?",
  ],
  [
    "Chinese, which needs fewer characters",
    { message: "那明天呢？", history: [user("里斯本这个周末的天气怎么样？会下雨吗？")] },
    "里斯本这个周末的天气怎么样？会下雨吗？ 那明天呢？",
  ],
  [
    "Chinese that stands alone",
    { message: "里斯本这个周末的天气怎么样？会下雨吗？", history: [user("你好")] },
    "里斯本这个周末的天气怎么样？会下雨吗？",
  ],
  [
    "a long text with the question at its end",
    { message: `${LONG_LINE}\n\nWho chairs the committee now?`, history: [] },
    "Who chairs the committee now?",
  ],
  [
    "a long text with the question first",
    { message: `Who chairs the committee now?\n\n${LONG_LINE}`, history: [] },
    "Who chairs the committee now?",
  ],
  ["nothing to search for", { message: "🙂 !!!", history: [user(WEATHER)] }, ""],
  [
    "invisible characters",
    { message: `What\u200b will\u202e the weather be like in Lisbon this weekend?`, history: [] },
    WEATHER,
  ],
];

describe("the query of a search", () => {
  test.each(QUERIES)("%s", (_, request, query) => {
    expect(searchQuery(request)).toBe(query);
  });

  test.each([
    ["one line", LONG_LINE],
    ["one word", "x".repeat(100_000)],
    ["surrogate pairs", `${"😀".repeat(50_000)}a`],
    ["many lines", `${"line\n".repeat(50_000)}`],
  ])("is never longer than a search takes: %s", (_, message) => {
    const history = [user(message)];
    for (const text of [
      searchQuery({ message, history: [] }),
      searchQuery({ message: "and now?", history }),
    ]) {
      expect(text.length).toBeGreaterThan(0);
      expect(text.length).toBeLessThanOrEqual(400);
      expect(text.isWellFormed()).toBe(true);
    }
  });

  test("is made in linear time", () => {
    for (const unit of [" ", "9", "a ", "?\n", "\n"])
      expectLinear(12_500, (size) => {
        const message = unit.repeat(size);
        return () => searchQuery({ message, history: [user(message)] });
      });
  });
});
