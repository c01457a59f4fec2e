import { describe, expect, test } from "vitest";
import { z } from "zod";
import { chatCompletions } from "#lib/apis/chat-completions/read.ts";
import { embeddingsSchema } from "#lib/apis/embeddings/embeddings.ts";
import { otherFields } from "#lib/apis/fields.ts";
import { messages } from "#lib/apis/messages/read.ts";
import { responses } from "#lib/apis/responses/read.ts";
import { GatewayError } from "#lib/shared/errors.ts";
import { expectLinear } from "../support/linear.ts";

const SCHEMAS: readonly [string, z.ZodType][] = [
  ["chat completions", chatCompletions.schema],
  ["messages", messages.schema],
  ["responses", responses.schema],
  ["embeddings", embeddingsSchema],
];

/** Where in a JSON schema a list has no upper bound. */
function unbounded(schema: unknown, path = ""): string[] {
  if (typeof schema !== "object" || schema === null) return [];
  const own = "type" in schema && schema.type === "array" && !("maxItems" in schema) ? [path] : [];
  return [...own, ...Object.entries(schema).flatMap(([key, value]) => unbounded(value, `${path}/${key}`))];
}

/** All issues, and those inside of them. */
function countIssues(issues: readonly z.core.$ZodIssue[]): number {
  let count = issues.length;
  for (const issue of issues) {
    if (issue.code === "invalid_union") for (const branch of issue.errors) count += countIssues(branch);
  }
  return count;
}

describe.each(SCHEMAS)("what %s takes", (_name, schema) => {
  test("has no list without an end", () => {
    expect(unbounded(z.toJSONSchema(schema, { io: "input", unrepresentable: "any" }))).toEqual([]);
  });
});

const BAD_PART = { type: "text" };
const parts = (count: number, part: unknown = 0): unknown[] => Array.from({ length: count }, () => part);
const said = (content: unknown, role = "user"): unknown => ({ role, type: "message", content });

const WORST: readonly [string, z.ZodType, (size: number) => object][] = [
  ["messages that are none", chatCompletions.schema, (size) => ({ messages: parts(size) })],
  ["bad parts", chatCompletions.schema, (size) => ({ messages: parts(size, said(parts(900))) })],
  ["parts of no type", chatCompletions.schema, (size) => ({ messages: parts(size, said(parts(9, {}))) })],
  ["parts in part", chatCompletions.schema, (size) => ({ messages: parts(size, said([BAD_PART])) })],
  [
    "bad tool calls",
    chatCompletions.schema,
    (size) => ({ messages: parts(size, { role: "assistant", tool_calls: parts(900) }) }),
  ],
  ["biases", chatCompletions.schema, (size) => ({ logit_bias: { ...parts(size * 10, "x") } })],
  ["stops", chatCompletions.schema, (size) => ({ stop: parts(size * 100) })],
  ["bad blocks", messages.schema, (size) => ({ messages: parts(size, said(parts(900))) })],
  ["blocks in part", messages.schema, (size) => ({ messages: parts(size, said(parts(9, BAD_PART))) })],
  [
    "bad results",
    messages.schema,
    (size) => ({
      messages: parts(size, said([{ type: "tool_result", tool_use_id: "a", content: parts(900) }])),
    }),
  ],
  ["bad items", responses.schema, (size) => ({ input: parts(size) })],
  ["items in part", responses.schema, (size) => ({ input: parts(size, said(parts(900))) })],
  [
    "bad summaries",
    responses.schema,
    (size) => ({ input: parts(size, { type: "reasoning", summary: parts(9) }) }),
  ],
  [
    "bad allowed tools",
    responses.schema,
    (size) => ({ tool_choice: { type: "allowed_tools", mode: "auto", tools: parts(size) } }),
  ],
  ["bad tokens", embeddingsSchema, (size) => ({ model: "m", input: parts(size, parts(9, "x")) })],
];

describe("a bad body is answered with its first mistakes", () => {
  test.each(WORST)("%s", (_what, schema, body) => {
    for (const size of [100_000, 500, 9_000]) {
      const { error } = schema.safeParse({ model: "m", max_tokens: 1, ...body(size) });
      expect(error).toBeDefined();
      expect(countIssues(error?.issues ?? [])).toBeLessThan(30);
    }
  });

  test("and soon, however many messages there are before", () => {
    expectLinear(1_000, (size) => {
      const body = { model: "m", messages: [...parts(size, said(parts(20, { type: "x" }))), 0] };
      return () => expect(chatCompletions.schema.safeParse(body).success).toBe(false);
    });
  });
});

describe("images", () => {
  const GOOD = [
    "https://x/a.png",
    "HTTPS://x/a",
    "data:image/png;base64,AAAA",
    "data:image/svg+xml;base64,AA",
  ];
  const BAD = [
    "",
    "a.png",
    "javascript:1",
    "file:///etc/passwd",
    "http://169.254.169.254/latest",
    "https://",
    `https://x/${"a".repeat(9_000)}`,
    "data:text/html;base64,AAAA",
    "data:image/png,AAAA",
  ];
  const APIS: readonly [string, z.ZodType, (url: string) => object, string][] = [
    [
      "chat completions",
      chatCompletions.schema,
      (url) => ({ messages: [said([{ type: "image_url", image_url: { url } }])] }),
      "messages.0.content",
    ],
    [
      "chat completions, the URL alone",
      chatCompletions.schema,
      (image_url) => ({ messages: [said([{ type: "image_url", image_url }])] }),
      "messages.0.content",
    ],
    [
      "messages",
      messages.schema,
      (url) => ({ messages: [said([{ type: "image", source: { type: "url", url } }])] }),
      "messages.0.content",
    ],
    [
      "messages, in the result of a tool",
      messages.schema,
      (url) => ({
        messages: [
          said([
            {
              type: "tool_result",
              tool_use_id: "a",
              content: [{ type: "image", source: { type: "url", url } }],
            },
          ]),
        ],
      }),
      "messages.0.content",
    ],
    [
      "responses",
      responses.schema,
      (image_url) => ({ input: [said([{ type: "input_image", image_url }])] }),
      "input",
    ],
  ];

  test.each(APIS)("of %s are on the web or in the text", (_name, schema, body, path) => {
    const read = (url: string) => schema.safeParse({ model: "m", ...body(url) });
    for (const url of GOOD) expect(read(url).error, url).toBeUndefined();
    for (const url of BAD) expect(read(url).error?.issues[0]?.path.join("."), url).toMatch(path);
  });

  test("of messages have the type of one", () => {
    const read = (media_type: string) =>
      messages.schema.safeParse({
        model: "m",
        messages: [said([{ type: "image", source: { type: "base64", media_type, data: "AAAA" } }])],
      });
    expect(read("image/png").success).toBe(true);
    expect(read("text/html").success).toBe(false);
    expect(read("image/png,x").success).toBe(false);
  });
});

test("a few hundred further fields are enough", () => {
  const body = (size: number) => Object.fromEntries(parts(size).map((value, index) => [`f${index}`, value]));
  expect(Object.keys(otherFields(body(200), new Set()))).toHaveLength(200);
  expect(() => otherFields(body(201), new Set())).toThrow(GatewayError);
});
