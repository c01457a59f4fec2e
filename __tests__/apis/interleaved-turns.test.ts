import { describe, expect, test } from "vitest";
import { chatCompletions } from "#lib/apis/chat-completions/read.ts";
import { toReasoningDetail } from "#lib/apis/chat-completions/reasoning-details.ts";
import { packToken } from "#lib/apis/issuer-token.ts";
import { messages as messagesApi } from "#lib/apis/messages/read.ts";
import { packEncrypted } from "#lib/apis/responses/call-signature.ts";
import { responses } from "#lib/apis/responses/read.ts";
import type { AssistantPart, ChatMessage, IssuerToken } from "#lib/chat/request.ts";
import { chatPowerOf, PROTOCOLS } from "#lib/providers/protocols/index.ts";
import { createRegistry, type Engine } from "#lib/providers/registry.ts";
import { arrayField, field, isJsonObject, type JsonObject, stringField } from "#lib/shared/json.ts";
import { fc } from "../support/properties.ts";

/** What an assistant does in one turn: `think:a`, `say:One.`, `call:1`. */
type Step = `${"think" | "say" | "call"}:${string}`;

const registry = createRegistry((name) => (name.endsWith("_KEY") ? "k" : undefined));

function engine(provider: string, model: string): Engine {
  const [found] = registry.resolve([{ provider, model, label: model }]);
  if (found === undefined) throw new Error(`There is no ${provider}.`);
  return found;
}

const CLAUDE = engine("anthropic", "claude-sonnet-4-5");
const GEMINI = engine("gemini-grounded", "gemini-2.5-flash");
const GROQ = engine("groq", "qwen/qwen3-32b");

/** The signature of a thought, by whoever made it. */
function tokenOf(thought: string, issuer: string): IssuerToken {
  return { issuer, value: `signed-${thought}` };
}

function split(step: Step): { kind: string; value: string } {
  const at = step.indexOf(":");
  return { kind: step.slice(0, at), value: step.slice(at + 1) };
}

/** One reader: the conversation of a user, this turn, and the results of its calls. */
type Reader = (turn: readonly Step[], issuer: string) => ChatMessage[];

const viaMessages: Reader = (turn, issuer) => {
  const content = turn.map((step): JsonObject => {
    const { kind, value } = split(step);
    if (kind === "say") return { type: "text", text: value };
    if (kind === "call") return { type: "tool_use", id: value, name: "f", input: {} };
    const signature = packToken(tokenOf(value, issuer), "anthropic");
    return { type: "thinking", thinking: value, signature };
  });
  const results = callsIn(turn).map((id) => ({ type: "tool_result", tool_use_id: id, content: "out" }));
  return readMessages([
    { role: "user", content: "Hi" },
    { role: "assistant", content },
    { role: "user", content: [...results, { type: "text", text: "Go on." }] },
  ]);
};

function readMessages(conversation: readonly object[]): ChatMessage[] {
  const body = messagesApi.schema.parse({ model: "smart", max_tokens: 100, messages: conversation });
  return messagesApi.read(body, new Headers()).chat.messages;
}

const viaResponses: Reader = (turn, issuer) => {
  const items = turn.map((step): JsonObject => {
    const { kind, value } = split(step);
    if (kind === "say") return { role: "assistant", content: value };
    if (kind === "call") return { type: "function_call", call_id: value, name: "f", arguments: "{}" };
    return {
      type: "reasoning",
      summary: [{ type: "summary_text", text: value }],
      encrypted_content: packEncrypted({ token: tokenOf(value, issuer), callId: undefined }),
    };
  });
  const results = callsIn(turn).map((id) => ({ type: "function_call_output", call_id: id, output: "out" }));
  const input = [{ role: "user", content: "Hi" }, ...items, ...results, { role: "user", content: "Go on." }];
  return responses.read(responses.schema.parse({ model: "smart", input }), new Headers()).chat.messages;
};

const viaChatCompletions: Reader = (turn, issuer) => {
  const of = (wanted: string): string[] =>
    turn.flatMap((step) => (split(step).kind === wanted ? [split(step).value] : []));
  const calls = of("call").map((id) => ({ id, type: "function", function: { name: "f", arguments: "{}" } }));
  const thoughts = of("think");
  const assistant = {
    role: "assistant",
    content: of("say").length === 0 ? null : of("say").map((text) => ({ type: "text", text })),
    ...(calls.length > 0 ? { tool_calls: calls } : {}),
    ...(thoughts.length > 0
      ? {
          reasoning_content: thoughts.join(""),
          reasoning_details: thoughts.map((thought) => toReasoningDetail(tokenOf(thought, issuer))),
        }
      : {}),
  };
  const results = of("call").map((id) => ({ role: "tool", tool_call_id: id, content: "out" }));
  const body = chatCompletions.schema.parse({
    model: "smart",
    messages: [{ role: "user", content: "Hi" }, assistant, ...results, { role: "user", content: "Go on." }],
  });
  return chatCompletions.read(body, new Headers()).chat.messages;
};

function callsIn(turn: readonly Step[]): string[] {
  return turn.flatMap((step) => (step.startsWith("call:") ? [step.slice(5)] : []));
}

function partsOf(messages: readonly ChatMessage[]): AssistantPart[] {
  return messages.flatMap((message) => (message.role === "assistant" ? message.parts : []));
}

function stepOf(part: AssistantPart): string {
  switch (part.type) {
    case "reasoning":
      return `think:${part.text}`;
    case "text":
      return `say:${part.text}`;
    case "tool_call":
      return `call:${part.id}`;
    case "refusal":
    case "image":
    case "document":
    case "opaque":
      return part.type;
  }
}

function sent(target: Engine, messages: ChatMessage[]): JsonObject {
  const request = { messages, stream: true };
  return chatPowerOf(target).encode(request, target, { promptCache: false }).body;
}

/** The blocks of the assistant as Claude gets them, a thought with its signature. */
function atClaude(messages: ChatMessage[]): string[] {
  const assistant = arrayField(sent(CLAUDE, messages), "messages").filter(isAssistant);
  return assistant
    .flatMap((message) => arrayField(message, "content"))
    .map((block) => {
      switch (stringField(block, "type")) {
        case "thinking": {
          const thought = stringField(block, "thinking") ?? "";
          expect(stringField(block, "signature")).toBe(`signed-${thought}`);
          return `think:${thought}`;
        }
        case "text":
          return `say:${stringField(block, "text")}`;
        default:
          return `call:${stringField(block, "id")}`;
      }
    });
}

function isAssistant(message: unknown): boolean {
  return field(message, "role") === "assistant";
}

function atGemini(messages: ChatMessage[]): string[] {
  const model = arrayField(sent(GEMINI, messages), "contents").filter(
    (content) => field(content, "role") === "model",
  );
  return model
    .flatMap((content) => arrayField(content, "parts"))
    .map((part) => {
      const text = stringField(part, "text");
      return text === undefined ? `call:${stringField(field(part, "functionCall"), "name")}` : `say:${text}`;
    });
}

/** The fields of the assistant's messages as an OpenAI-compatible engine gets them. */
function atGroq(messages: ChatMessage[]): object[] {
  return arrayField(sent(GROQ, messages), "messages")
    .filter(isAssistant)
    .map((message) => ({
      content: field(message, "content"),
      reasoning: field(message, "reasoning"),
      calls: arrayField(message, "tool_calls").map((call) => stringField(call, "id")),
    }));
}

type Shape = {
  turn: Step[];
  /** As Claude gets what another engine wrote: the words, then the calls. */
  foreign: Step[];
  flat: { content: string | null; reasoning: string; calls: string[] };
};

const SHAPES: Shape[] = [
  {
    turn: ["think:a", "call:1", "think:b", "call:2"],
    foreign: ["call:1", "call:2"],
    flat: { content: null, reasoning: "ab", calls: ["1", "2"] },
  },
  {
    turn: ["think:a", "say:One.", "think:b", "call:1"],
    foreign: ["say:One.", "call:1"],
    flat: { content: "One.", reasoning: "ab", calls: ["1"] },
  },
  {
    turn: ["think:a", "say:One.", "call:1", "think:b", "say:Two.", "call:2"],
    foreign: ["say:One.\n\nTwo.", "call:1", "call:2"],
    flat: { content: "One.\n\nTwo.", reasoning: "ab", calls: ["1", "2"] },
  },
  {
    turn: ["say:One.", "think:a", "call:1", "say:Two."],
    foreign: ["say:One.\n\nTwo.", "call:1"],
    flat: { content: "One.\n\nTwo.", reasoning: "a", calls: ["1"] },
  },
  {
    turn: ["think:a", "think:b", "think:c", "call:1", "call:2"],
    foreign: ["call:1", "call:2"],
    flat: { content: null, reasoning: "abc", calls: ["1", "2"] },
  },
  {
    turn: ["think:a", "call:1", "think:b", "call:2", "think:c", "say:One.", "call:3"],
    foreign: ["say:One.", "call:1", "call:2", "call:3"],
    flat: { content: "One.", reasoning: "abc", calls: ["1", "2", "3"] },
  },
];

describe.each([
  ["Messages", viaMessages],
  ["Responses", viaResponses],
])("a turn that comes back through %s", (_api, read) => {
  describe.each(SHAPES)("$turn", ({ turn, foreign, flat }) => {
    test("is read as the parts of one message, in order, each thought with its own signature", () => {
      const parts = partsOf(read(turn, "anthropic"));
      expect(parts.map(stepOf)).toEqual(turn);
      for (const part of parts) {
        if (part.type === "reasoning") expect(part.signature).toEqual(tokenOf(part.text, "anthropic"));
      }
      expect(read(turn, "anthropic").filter(({ role }) => role === "assistant")).toHaveLength(1);
    });

    test("reaches the Claude that wrote it in the same order", () => {
      expect(atClaude(read(turn, "anthropic"))).toEqual(turn);
    });

    test("reaches another provider's Claude as text, then calls", () => {
      expect(atClaude(read(turn, "my-claude"))).toEqual(foreign);
    });

    test("reaches Gemini as words, then calls", () => {
      expect(atGemini(read(turn, "anthropic"))).toEqual(
        foreign.map((step) => (step.startsWith("call:") ? "call:f" : step)),
      );
    });

    test("reaches an OpenAI-compatible engine as its fields", () => {
      expect(atGroq(read(turn, "anthropic"))).toEqual([flat]);
    });
  });
});

describe.each(SHAPES)(
  "a turn that comes back through Chat Completions, which has no order: $turn",
  ({ turn, flat }) => {
    const ORDER = ["think", "say", "call"];
    const sorted = [...turn].sort((a, b) => ORDER.indexOf(split(a).kind) - ORDER.indexOf(split(b).kind));
    const spoken = sorted.filter((step) => !step.startsWith("think:"));

    test("is read as thoughts, words, calls", () => {
      const parts = partsOf(viaChatCompletions(turn, "anthropic"));
      expect(parts.map(stepOf).filter((step) => !step.startsWith("think:"))).toEqual(spoken);
      expect(parts.map(({ type }) => type)).toEqual(
        sorted.map((step) => ({ think: "reasoning", say: "text", call: "tool_call" })[split(step).kind]),
      );
    });

    test("reaches every engine so", () => {
      const messages = viaChatCompletions(turn, "elsewhere");
      expect(atClaude(messages)).toEqual(spoken);
      expect(atGemini(messages)).toEqual(spoken.map((step) => (step.startsWith("call:") ? "call:f" : step)));
      const said = spoken.flatMap((step) => (step.startsWith("say:") ? [split(step).value] : []));
      const content = said.length > 1 ? said.map((text) => ({ type: "text", text })) : flat.content;
      expect(atGroq(messages)).toEqual([{ ...flat, content }]);
    });
  },
);

describe("blocks of Claude's that nobody else reads keep their place", () => {
  const search = { type: "server_tool_use", id: "s1", name: "web_search", input: { query: "q" } };
  const found = { type: "web_search_tool_result", tool_use_id: "s1", content: [] };
  const call = { type: "tool_use", id: "t1", name: "f", input: {} };
  const text = (value: string) => ({ type: "text", text: value });
  const signed = { type: "thinking", thinking: "a", signature: "s" };
  test.each<[string, object[]]>([
    ["between thoughts", [signed, search, found, { ...signed, thinking: "b" }, text("One."), call]],
    ["without a thought", [text("One."), search, found, text("Two."), call]],
    ["around a call", [search, call, found, text("One.")]],
  ])("%s", (_what, content) => {
    const messages = readMessages([
      { role: "user", content: "Hi" },
      { role: "assistant", content },
      { role: "user", content: [{ type: "tool_result", tool_use_id: "t1", content: "out" }] },
    ]);
    const [assistant] = arrayField(sent(CLAUDE, messages), "messages").filter(isAssistant);
    expect(field(assistant, "content")).toEqual(content);
    // Elsewhere they are left out, and what remains is words, then calls.
    expect(atGroq(messages)).toHaveLength(1);
    expect(JSON.stringify(sent(GROQ, messages))).not.toContain("web_search");
  });
});

test("what Claude signed goes back as it came, block by block, whatever the order", () => {
  const word = fc.string({ unit: "grapheme", minLength: 1, maxLength: 8 });
  const input = fc.dictionary(word, fc.oneof(word, fc.integer(), fc.boolean(), fc.array(word)));
  const id = fc.uuid().map((uuid) => `toolu_${uuid}`);
  const signed = fc.record({ type: fc.constant("thinking"), thinking: fc.string(), signature: word });
  const block: fc.Arbitrary<object> = fc.oneof(
    signed,
    fc.record({ type: fc.constant("redacted_thinking"), data: word }),
    fc.record({ type: fc.constant("text"), text: word }),
    fc.record({ type: fc.constant("tool_use"), id, name: fc.constant("f"), input }),
    fc.record({ type: fc.constant("server_tool_use"), id, name: fc.constant("web_search"), input }),
  );
  const turns = fc
    .tuple(fc.array(block, { maxLength: 8 }), signed, fc.array(block, { maxLength: 8 }))
    .map(([before, thought, after]) => [...before, thought, ...after]);
  fc.assert(
    fc.property(fc.array(turns, { minLength: 1, maxLength: 3 }), fc.boolean(), (answers, promptCache) => {
      const messages = readMessages(
        answers
          .flatMap((content) => [
            { role: "user", content: "Go on." },
            { role: "assistant", content },
          ])
          .concat({ role: "user", content: "Go on." }),
      );
      const { body } = PROTOCOLS.anthropic.chat.encode({ messages, stream: false }, CLAUDE, { promptCache });
      const back = arrayField(body, "messages").filter(isAssistant).filter(isJsonObject);
      expect(JSON.parse(JSON.stringify(back.map((message) => message["content"])))).toEqual(
        JSON.parse(JSON.stringify(answers)),
      );
    }),
  );
});
