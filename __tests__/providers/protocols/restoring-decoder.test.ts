import { describe, expect, test } from "vitest";
import type { ChatEvent } from "#lib/chat/events.ts";
import { PROTOCOLS } from "#lib/providers/protocols/index.ts";
import type { ArgumentRestorer, ToolRestorations } from "#lib/providers/protocols/protocol.ts";
import { restoringDecoder } from "#lib/providers/protocols/restoring-decoder.ts";

const chunk = (delta: unknown, finish: string | null = null): string =>
  JSON.stringify({ choices: [{ index: 0, delta, finish_reason: finish }] });

const calls = (...pieces: [index: number, name: string | undefined, text: string][]): string =>
  chunk({
    tool_calls: pieces.map(([index, name, text]) => ({
      index,
      ...(name === undefined ? {} : { id: `call_${index}`, type: "function" }),
      function: { ...(name === undefined ? {} : { name }), arguments: text },
    })),
  });

/** Holds everything back until the end, as a restorer that must see the whole. */
function upperCase(): ArgumentRestorer {
  let text = "";
  return {
    push(piece) {
      text += piece;
      return "";
    },
    end: () => text.toUpperCase(),
  };
}

const RESTORATIONS: ToolRestorations = new Map([
  ["short_1", { name: "the.client's name" }],
  ["patch_1", { name: "patch", custom: true as const, createArguments: upperCase }],
]);

function decode(frames: readonly string[]): ChatEvent[] {
  const inner = PROTOCOLS["openai-compatible"].chat.createDecoder({
    status: 200,
    headers: new Headers(),
    now: 0,
    newId: () => "new",
    issuer: "test",
  } as unknown as Parameters<(typeof PROTOCOLS)["anthropic"]["chat"]["createDecoder"]>[0]);
  const decoder = restoringDecoder(inner, RESTORATIONS);
  const out: ChatEvent[] = [];
  for (const frame of frames) decoder.push(frame, undefined, out);
  decoder.end(out);
  return out;
}

/** Name, custom and arguments by index. */
function joined(events: readonly ChatEvent[]): Record<number, [string | undefined, boolean, string]> {
  const found: Record<number, [string | undefined, boolean, string]> = {};
  for (const event of events) {
    if (event.type !== "tool_call") continue;
    const known = found[event.index] ?? [event.name, event.custom === true, ""];
    found[event.index] = [known[0], known[1], known[2] + event.arguments];
  }
  return found;
}

describe("calls of tools that the engine knows under another name", () => {
  test("get the client's name, kind and arguments, also when they are interleaved", () => {
    const events = decode([
      calls([0, "short_1", '{"a"'], [1, "patch_1", "ab"], [2, "other", "{}"]),
      calls([1, undefined, "c"], [0, undefined, ":1}"]),
      chunk({}, "tool_calls"),
      "[DONE]",
    ]);
    expect(joined(events)).toEqual({
      0: ["the.client's name", false, '{"a":1}'],
      1: ["patch", true, "ABC"],
      2: ["other", false, "{}"],
    });
    expect(events.at(-1)).toMatchObject({ type: "finish", reason: "tool_calls" });
  });

  test("no decoder is wrapped for nothing", () => {
    const inner = PROTOCOLS.gemini.chat.createDecoder({ issuer: "test" } as never);
    expect(restoringDecoder(inner, undefined)).toBe(inner);
    expect(restoringDecoder(inner, new Map())).toBe(inner);
  });
});
