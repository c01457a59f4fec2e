import { describe, expect, test } from "vitest";
import type { ChatEvent } from "#lib/chat/events.ts";
import type { AssistantPart, ChatMessage, ContentPart } from "#lib/chat/request.ts";
import { systemText } from "#lib/chat/system-text.ts";
import { EngineFailure } from "#lib/providers/failures/failure.ts";
import { CallIds } from "#lib/providers/protocols/call-ids.ts";
import { chatPowerOf } from "#lib/providers/protocols/index.ts";
import { ToolCallAssembler } from "#lib/providers/protocols/openai-compatible/tool-call-assembler.ts";
import { createRegistry, type Engine } from "#lib/providers/registry.ts";
import { expectLinear } from "../../support/linear.ts";
import { newDecoder } from "../../support/replay.ts";

const TARGETS = [
  ["openai", "gpt-4o"],
  ["anthropic", "claude-sonnet-4-5"],
  ["gemini-grounded", "gemini-2.5-flash"],
] as const;
const registry = createRegistry((name) => (name.endsWith("_API_KEY") ? "k" : undefined));

function engine(provider: string, model: string): Engine {
  const [found] = registry.resolve([{ provider, model, label: model }]);
  if (found === undefined) throw new Error(`No engine ${provider}/${model}.`);
  return found;
}

/** JSON text that what calls itself for every level cannot write. */
const DEEP = `${'{"a":'.repeat(20_000)}1${"}".repeat(20_000)}`;
const many = <Item>(count: number, item: Item): Item[] => Array.from({ length: count }, () => item);

function encodedLength(target: Engine, messages: ChatMessage[]): number {
  const chat = chatPowerOf(target);
  const encoded = chat.encode({ messages, stream: false }, target, { promptCache: false });
  return JSON.stringify(encoded.body).length;
}

describe.each(TARGETS)("a request to %s/%s", (provider, model) => {
  test("may be adjacent to messages of very many parts", () => {
    const content = many<ContentPart>(200_000, { type: "text", text: "x" });
    const said: ChatMessage = { role: "user", content };
    expect(encodedLength(engine(provider, model), [said, said])).toBeGreaterThan(400_000);
  });

  test("may have answers of very many parts, own ones and others'", () => {
    for (const issuer of [provider, "elsewhere"]) {
      const signature = { issuer, value: "s" };
      const parts = Array.from({ length: 200_000 }, (_, index): AssistantPart => {
        if (index % 3 === 0) return { type: "reasoning", text: "hm", signature };
        if (index % 3 === 1) return { type: "text", text: "x" };
        return { type: "tool_call", id: `c${index}`, name: "f", arguments: "{}" };
      });
      const said: ChatMessage = { role: "assistant", parts };
      expect(encodedLength(engine(provider, model), [said, said])).toBeGreaterThan(400_000);
    }
  });

  test("may have arguments and results that are nested deeply", () => {
    const messages: ChatMessage[] = [
      { role: "assistant", parts: [{ type: "tool_call", id: "a", name: "f", arguments: DEEP }] },
      { role: "tool", toolCallId: "a", content: DEEP },
    ];
    expect(() => encodedLength(engine(provider, model), messages)).not.toThrow();
  });
});

describe("what a provider nests deeply", () => {
  const openai = (delta: string, rest = "") => `{"choices":[{"index":0,"delta":{${delta}}${rest}}]}`;
  test.each([
    [
      "openai-compatible",
      "details of reasoning",
      openai(`"content":"Hi","reasoning_details":[{"data":"x","deep":${DEEP}}]`),
    ],
    ["openai-compatible", "probabilities", openai('"content":"Hi"', `,"logprobs":{"content":[${DEEP}]}`)],
    [
      "anthropic",
      "hidden thinking",
      `{"type":"message","content":[{"type":"redacted_thinking","data":"x","deep":${DEEP}},{"type":"text","text":"Hi"}]}`,
    ],
  ] as const)("of %s is left out: %s", (protocol, _what, data) => {
    const events: ChatEvent[] = [];
    newDecoder(protocol).push(data, undefined, events);
    expect(JSON.stringify(events)).toBe('[{"type":"text","text":"Hi"}]');
  });

  test.each([
    [
      "openai-compatible",
      openai(`"tool_calls":[{"index":0,"id":"a","function":{"name":"f","arguments":${DEEP}}}]`),
    ],
    ["anthropic", `{"type":"message","content":[{"type":"tool_use","id":"a","name":"f","input":${DEEP}}]}`],
    ["gemini", `{"candidates":[{"content":{"parts":[{"functionCall":{"name":"f","args":${DEEP}}}]}}]}`],
  ] as const)("of %s is no tool call", (protocol, data) => {
    expect(() => newDecoder(protocol).push(data, undefined, [])).toThrow(EngineFailure);
  });
});

test("a system prompt of many parts takes time in proportion", () => {
  expectLinear(5_000, (size) => {
    const parts = many<ContentPart>(size, { type: "text", text: "Some words to read." });
    return () => expect(systemText(parts).length).toBeGreaterThan(size);
  });
});

test("many tool calls without numbers take time in proportion", () => {
  expectLinear(2_000, (size) => () => {
    const assembler = new ToolCallAssembler(new CallIds({ newId: () => "new" }), 0);
    const events: ChatEvent[] = [];
    for (let call = 0; call < size; call++) {
      assembler.push({ id: `c${call}`, function: { name: "f", arguments: "{}" } }, events);
    }
    expect(events).toHaveLength(size);
  });
});
