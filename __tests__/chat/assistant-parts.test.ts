import { describe, expect, test } from "vitest";
import { flattenAssistant, replayedParts } from "#lib/chat/assistant-parts.ts";
import type { AssistantPart, ImagePart, OpaquePart, ReasoningPart, ToolCallPart } from "#lib/chat/request.ts";

const text = (value: string): AssistantPart => ({ type: "text", text: value });
const marked = (value: string): AssistantPart => ({ type: "text", text: value, cacheBreakpoint: true });
const thought = (value: string): ReasoningPart => ({ type: "reasoning", text: value });
const refusal = (value: string): AssistantPart => ({ type: "refusal", text: value });
const call: ToolCallPart = { type: "tool_call", id: "1", name: "f", arguments: "{}" };
const image: ImagePart = { type: "image", url: "data:image/png;base64,AA" };
const opaque: OpaquePart = { type: "opaque", dialect: "anthropic", value: { type: "server_tool_use" } };

describe("the flat view of a message", () => {
  test("has each kind of part by itself, in order", () => {
    const parts = [thought("a"), call, text("One."), thought("b"), { ...call, id: "2" }];
    expect(flattenAssistant({ role: "assistant", parts })).toEqual({
      content: [text("One.")],
      reasoning: [thought("a"), thought("b")],
      toolCalls: [call, { ...call, id: "2" }],
    });
  });

  test.each<{ what: string; parts: AssistantPart[]; content: AssistantPart[] }>([
    { what: "nothing", parts: [], content: [] },
    { what: "nothing said", parts: [thought("a"), call], content: [] },
    { what: "texts side by side", parts: [text("a"), text("b")], content: [text("a"), text("b")] },
    { what: "texts around a call", parts: [text("a"), call, text("b")], content: [text("a\n\nb")] },
    {
      what: "texts around a thought",
      parts: [text("a"), thought("x"), text("b")],
      content: [text("a\n\nb")],
    },
    {
      what: "a mark on the second of two texts apart",
      parts: [text("a"), call, marked("b")],
      content: [marked("a\n\nb")],
    },
    {
      what: "a mark on the first, which ends there",
      parts: [marked("a"), call, text("b")],
      content: [marked("a"), text("b")],
    },
    {
      what: "a text after an image",
      parts: [text("a"), call, image, text("b")],
      content: [text("a"), image, text("b")],
    },
    {
      what: "a block of Claude's",
      parts: [text("a"), opaque, text("b")],
      content: [text("a"), opaque, text("b")],
    },
    { what: "an empty text", parts: [text("")], content: [text("")] },
    { what: "an empty text before another", parts: [text(""), text("a")], content: [text("a")] },
    { what: "an empty text behind a call", parts: [text("a"), call, text("")], content: [text("a")] },
    { what: "a refusal", parts: [refusal("No.")], content: [text("No.")] },
    { what: "a refusal behind words", parts: [text("a"), refusal("No.")], content: [text("a\n\nNo.")] },
    { what: "a refusal behind no words", parts: [text(""), refusal("No.")], content: [text("No.")] },
  ])("says $what", ({ parts, content }) => {
    const before = structuredClone(parts);
    expect(flattenAssistant({ role: "assistant", parts }).content).toEqual(content);
    expect(parts).toEqual(before);
  });

  test("of very many parts is made in one go", () => {
    const parts = Array.from({ length: 300_000 }, (_, index) =>
      index % 2 === 0 ? text("word") : thought("hm"),
    );
    const { content, reasoning } = flattenAssistant({ role: "assistant", parts });
    expect(content).toHaveLength(1);
    expect(JSON.stringify(content)).toHaveLength(
      150_000 * 4 + 149_999 * 4 + '[{"type":"text","text":""}]'.length,
    );
    expect(reasoning).toHaveLength(150_000);
  });
});

describe("an engine that knows an order gets back", () => {
  const signature = { issuer: "anthropic", value: "s" };
  const claude = { issuer: "anthropic", dialect: "anthropic" } as const;
  const foreign = { ...signature, issuer: "b" };
  test.each<[string, AssistantPart[]]>([
    ["a thought", [call, text("a"), { ...thought("x"), signature }, text("b")]],
    [
      "a thought among foreign ones",
      [call, text("a"), { ...thought("x"), signature: foreign }, { ...thought("y"), signature }],
    ],
    ["a call", [{ ...call, signature }, text("a"), refusal("b")]],
  ])("what it wrote as it was, if it signed %s", (_what, parts) => {
    expect(replayedParts({ role: "assistant", parts }, claude)).toEqual(parts);
  });

  test("what it wrote as it was, if a block is of its own API", () => {
    const message = { role: "assistant" as const, parts: [call, opaque, text("a")] };
    expect(replayedParts(message, claude)).toEqual(message.parts);
    expect(replayedParts(message, { ...claude, dialect: undefined })).toEqual([opaque, text("a"), call]);
  });

  test.each<[string, AssistantPart[], AssistantPart[]]>([
    ["nothing is signed", [thought("x"), call, text("a"), image], [text("a"), image, call]],
    [
      "another signed it",
      [{ ...thought("x"), signature: foreign }, { ...call, signature: foreign }, text("a")],
      [text("a"), { ...call, signature: foreign }],
    ],
  ])("words, then calls, if %s", (_what, parts, replayed) => {
    expect(replayedParts({ role: "assistant", parts }, claude)).toEqual(replayed);
  });
});
