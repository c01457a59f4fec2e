import { afterAll, describe, expect, test } from "vitest";
import { type FakeUpstream, startFakeUpstream } from "../support/fake-upstream.ts";
import { ANTHROPIC_RULES } from "./anthropic-rules.ts";
import { BROKEN_GEMINI, BROKEN_MESSAGES } from "./broken-conversations.ts";
import { BROKEN_CHAT, BROKEN_OWN, BROKEN_RESPONSES, type Broken, GOOD } from "./broken-requests.ts";
import { GEMINI_RULES } from "./gemini-rules.ts";
import { STRICT, STRICT_KINDS, type StrictKind } from "./index.ts";
import { CHAT_RULES } from "./openai-rules.ts";
import { OWN_RULES } from "./own-rules.ts";
import { RESPONSES_RULES } from "./responses-rules.ts";
import { type Api, type Request, type Rule, refusalOf } from "./rule.ts";

const TABLES: readonly [name: string, rules: readonly Rule[], broken: readonly Broken[], api: Api][] = [
  ["OpenAI's chat completions", CHAT_RULES, BROKEN_CHAT, "chat/completions"],
  ["OpenAI's Responses", RESPONSES_RULES, BROKEN_RESPONSES, "responses"],
  ["Anthropic's Messages", ANTHROPIC_RULES, BROKEN_MESSAGES, "messages"],
  ["Gemini", GEMINI_RULES, BROKEN_GEMINI, "generateContent"],
  ["a server of one's own", OWN_RULES, BROKEN_OWN, "own"],
];

function requestOf({ api, model, change, headers }: Broken): Request {
  const good = GOOD[api];
  const body = {
    ...good.body,
    ...(model === undefined || api === "generateContent" ? {} : { model }),
    ...change,
  };
  return { api, model: model ?? good.model, body, headers: headers ?? good.headers };
}

describe.each(TABLES)("%s", (_name, rules, broken, api) => {
  test.each(broken.map((row, at) => [`${row.rule} (${at})`, row] as const))("refuses %s", (_title, row) => {
    const refusal = refusalOf(rules, requestOf(row));
    expect(refusal?.when).toBe(row.rule);
    expect(JSON.stringify(refusal?.body)).toMatch(/message|error/);
  });

  test("has a broken request for each of its rules", () => {
    const shown = new Set(broken.map(({ rule }) => rule));
    const wanted = rules.filter((rule) => rule.api.includes(api)).map(({ when }) => when);
    expect(wanted.filter((when) => !shown.has(when))).toEqual(SHOWN_ELSEWHERE[api] ?? []);
  });

  test("takes a good request", () => {
    const apis = Object.keys(GOOD).filter((one) => rules.some((rule) => rule.api.includes(one as Api)));
    for (const one of apis)
      if (one === api || one.startsWith("count"))
        expect(refusalOf(rules, requestOf({ rule: "", api: one as Api }))).toBeUndefined();
  });
});

/** Rules that need an answer of the upstream first; see "takes back what it has given". */
const SHOWN_ELSEWHERE: Partial<Record<Api, string[]>> = {
  responses: ["reasoning without what followed it"],
};

const upstreams: FakeUpstream[] = [];
afterAll(() => Promise.all(upstreams.map((upstream) => upstream.stop())));

/** The path and the key of each upstream, and how a client sends an answer back with the tool's result. */
const CLIENTS: Readonly<
  Record<
    StrictKind,
    { path: string; api: Api; headers: Record<string, string>; body: Record<string, unknown> }
  >
> = {
  openai: {
    path: "/v1/responses",
    api: "responses",
    headers: GOOD.responses.headers,
    body: {
      ...GOOD.responses.body,
      input: "Write a file.",
      include: ["reasoning.encrypted_content"],
      tools: [{ type: "custom", name: "apply_patch", format: { type: "text" } }],
    },
  },
  anthropic: {
    path: "/v1/messages",
    api: "messages",
    headers: GOOD.messages.headers,
    body: {
      model: "claude-sonnet-4-5",
      max_tokens: 4_096,
      thinking: { type: "enabled", budget_tokens: 2_048 },
      messages: [{ role: "user", content: "Write a file." }],
      tools: [
        { name: "Bash", input_schema: { type: "object", properties: { command: { type: "string" } } } },
      ],
    },
  },
  gemini: {
    path: "/v1beta/models/gemini-3.5-flash:generateContent",
    api: "generateContent",
    headers: GOOD.generateContent.headers,
    body: {
      contents: [{ role: "user", parts: [{ text: "Write a file." }] }],
      tools: [
        {
          functionDeclarations: [
            { name: "bash", parameters: { type: "OBJECT", properties: { command: { type: "STRING" } } } },
          ],
        },
      ],
    },
  },
  own: {
    path: "/v1/chat/completions",
    api: "own",
    headers: {},
    body: {
      model: "kimi-k2.5",
      messages: [{ role: "user", content: "Write a file." }],
      tools: [
        {
          type: "function",
          function: { name: "bash", parameters: { type: "object", properties: { command: {} } } },
        },
      ],
    },
  },
};

// biome-ignore lint/suspicious/noExplicitAny: answers of four APIs, read as they are
type Json = any;

/** The conversation with the answer and the result of its call behind it; undefined if there was no call. */
function continued(kind: StrictKind, body: Json, answer: Json): Json {
  switch (kind) {
    case "openai": {
      const call = answer.output.find((item: Json) => item.type.endsWith("_call"));
      const before = typeof body.input === "string" ? [{ role: "user", content: body.input }] : body.input;
      const output = { type: `${call?.type}_output`, call_id: call?.call_id, output: "ok" };
      return call && { ...body, input: [...before, ...answer.output, output] };
    }
    case "anthropic": {
      const call = answer.content.find((block: Json) => block.type === "tool_use");
      const result = {
        role: "user",
        content: [{ type: "tool_result", tool_use_id: call?.id, content: "ok" }],
      };
      return (
        call && {
          ...body,
          messages: [...body.messages, { role: "assistant", content: answer.content }, result],
        }
      );
    }
    case "gemini": {
      const { content } = answer.candidates[0];
      const call = content.parts.find((part: Json) => part.functionCall);
      const response = { functionResponse: { name: call?.functionCall.name, response: { output: "ok" } } };
      return call && { ...body, contents: [...body.contents, content, { role: "user", parts: [response] }] };
    }
    case "own": {
      const { message } = answer.choices[0];
      const call = message.tool_calls?.[0];
      const result = { role: "tool", tool_call_id: call?.id, content: "ok" };
      return call && { ...body, messages: [...body.messages, message, result] };
    }
  }
}

test.each(STRICT_KINDS)(
  "%s takes back what it has given, for three rounds, and then is done",
  async (kind) => {
    const strict = STRICT[kind]();
    const upstream = await startFakeUpstream(strict.script);
    upstreams.push(upstream);
    const { path, headers } = CLIENTS[kind];
    let body: Json = CLIENTS[kind].body;
    let rounds = 0;
    while (body !== undefined) {
      const init = {
        method: "POST",
        headers: { ...headers, "content-type": "application/json" },
        body: JSON.stringify(body),
      };
      const response = await fetch(upstream.origin + path, init);
      expect(response.status, await response.clone().text()).toBe(200);
      rounds++;
      body = continued(kind, body, await response.json());
    }
    expect({ rounds, refusals: strict.refusals }).toEqual({ rounds: 3, refusals: [] });
  },
);

test("OpenAI refuses reasoning without what followed it", async () => {
  const strict = STRICT.openai();
  const upstream = await startFakeUpstream(strict.script);
  upstreams.push(upstream);
  const { path, headers, body } = CLIENTS.openai;
  const ask = (asked: unknown) =>
    fetch(upstream.origin + path, { method: "POST", headers, body: JSON.stringify(asked) }).then(
      (answer) => answer.json() as Json,
    );
  const { output } = await ask(body);
  await ask({ ...body, input: [output[0], { role: "user", content: "And?" }] });
  expect(strict.refusals.map(({ when }) => when)).toEqual(["reasoning without what followed it"]);
});
