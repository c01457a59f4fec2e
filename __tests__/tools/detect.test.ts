import { describe, expect, test } from "vitest";
import { z } from "zod";
import { detectTools } from "#lib/tools/detect.ts";
import { defineTool, type Tool, type ToolRequest } from "#lib/tools/tool.ts";
import { expectLinear } from "../support/linear.ts";

/** Finds each word that begins with its letter. */
const tool = (letter: string, seen: ToolRequest[] = []): Tool =>
  defineTool({
    name: letter,
    description: "A double.",
    input: z.object({ word: z.string() }),
    timeoutMs: 1_000,
    detect: (request) => {
      seen.push(request);
      return request.message
        .split(/\s+/)
        .filter((word) => word.startsWith(letter))
        .map((word) => ({ word }));
    },
    run: async () => ({ text: "", source: { name: "a double" } }),
  });

const unbroken = (): never => {
  throw new Error("No tool of these is broken.");
};
const calls = (tools: readonly Tool[], message: string): string[] =>
  detectTools(tools, { message, history: [] }, unbroken).map(({ input }) => (input as { word: string }).word);

describe("the calls of a message", () => {
  test("are those that its tools find", () => {
    expect(calls([tool("a"), tool("b")], "apple banana cherry")).toEqual(["apple", "banana"]);
    expect(calls([tool("a")], "cherry")).toEqual([]);
    expect(calls([], "apple")).toEqual([]);
  });

  test("are at most four, every tool's first ones before another's second", () => {
    expect(calls([tool("a"), tool("b")], "a1 a2 a3 a4 a5 b1 b2")).toEqual(["a1", "b1", "a2", "b2"]);
  });

  test("are made once each", () => {
    expect(calls([tool("a")], "a1 a1 a2 a1")).toEqual(["a1", "a2"]);
  });

  test("are none of a tool that only others call", () => {
    const { detect: _, ...silent } = tool("a");
    expect(calls([silent], "apple")).toEqual([]);
  });
});

test("a tool that cannot read a message is told of, and costs the others nothing", () => {
  const broken: Tool = {
    ...tool("b"),
    detect: () => {
      throw new Error("a bug");
    },
  };
  const told: string[] = [];
  const found = detectTools([broken, tool("a")], { message: "a1 b1", history: [] }, ({ name }, error) =>
    told.push(`${name}: ${String(error)}`),
  );
  expect(found.map(({ tool: { name } }) => name)).toEqual(["a"]);
  expect(told).toEqual(["b: Error: a bug"]);
});

describe("what a message quotes asks for nothing", () => {
  test("code between fences", () => {
    expect(calls([tool("a")], "see a1 ```\na2 a3\n``` then a4 ```a5")).toEqual(["a1", "a4"]);
    expect(calls([tool("a")], "```\na1\n```")).toEqual(["a1"]);
  });

  test("the middle of a long text; its ends are read, whole words of them", () => {
    const filler = "x ".repeat(5_000);
    expect(calls([tool("a")], `a1 ${filler} a2 ${filler} a3`)).toEqual(["a1", "a3"]);
    expect(calls([tool("x")], `${"y".repeat(999)}xa ${filler}`)).toEqual(["x"]);
  });

  test("and so in the conversation before it, of which the last ten messages are read", () => {
    const seen: ToolRequest[] = [];
    const history = Array.from({ length: 30 }, (_, index) => ({
      role: "user" as const,
      content: `${index} ${"z".repeat(50_000)}`,
    }));
    detectTools([tool("a", seen)], { message: "a", history }, unbroken);
    expect(seen[0]?.history).toHaveLength(10);
    expect(JSON.stringify(seen[0]?.history).length).toBeLessThan(25_000);
    expect(seen[0]?.history.at(-1)?.content).toMatch(/^29/);
  });
});

test.each([" ", "1", "a ", "```", "`", "\n"])("time grows with the length of the message: %j", (unit) => {
  expectLinear(25_000, (size) => {
    const message = unit.repeat(Math.ceil(size / unit.length));
    return () => detectTools([tool("a")], { message, history: [] }, unbroken);
  });
});

test("of megabytes, also of fences, only the ends are read", () => {
  const history = Array.from({ length: 10 }, () => ({
    role: "user" as const,
    content: "```\n".repeat(625_000),
  }));
  const from = performance.now();
  for (let round = 0; round < 10; round++) {
    detectTools([tool("a")], { message: "```\n".repeat(625_000), history }, unbroken);
  }
  expect(performance.now() - from).toBeLessThan(1_000);
});
