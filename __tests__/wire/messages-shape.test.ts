import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import ts from "typescript";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { arrayField, field, isJsonObject } from "#lib/shared/json.ts";
import { saysAnthropic } from "../support/anthropic-upstream.ts";
import { says } from "../support/scripted-answers.ts";
import { startWireGateway, type WireGateway } from "./wire-gateway.ts";

/** The required members of the SDK's interfaces, by `Interface` or `Namespace.Interface`. */
function requiredMembers(file: string): ReadonlyMap<string, readonly string[]> {
  const sdk = createRequire(import.meta.url).resolve("@anthropic-ai/sdk");
  const text = readFileSync(join(dirname(sdk), file), "utf8");
  const found = new Map<string, readonly string[]>();
  const visit = (node: ts.Node, prefix: string): void => {
    if (ts.isInterfaceDeclaration(node)) {
      const required = node.members.filter((member) => member.questionToken === undefined);
      found.set(
        prefix + node.name.text,
        required.flatMap(({ name }) => (name !== undefined && ts.isIdentifier(name) ? name.text : [])),
      );
    }
    const inner = ts.isModuleDeclaration(node) ? `${prefix}${node.name.text}.` : prefix;
    ts.forEachChild(node, (child) => visit(child, inner));
  };
  visit(ts.createSourceFile(file, text, ts.ScriptTarget.Latest), "");
  return found;
}

const SDK = requiredMembers("resources/messages/messages.d.ts");
const BETA = requiredMembers("resources/beta/messages/messages.d.ts");

function expectMembers(value: unknown, name: string): void {
  for (const [types, prefix] of [
    [SDK, ""],
    [BETA, "Beta"],
  ] as const) {
    const required = types.get(prefix + name) ?? [];
    expect(required.length, `${prefix}${name} is not in the SDK`).toBeGreaterThan(0);
    const missing = required.filter((member) => !isJsonObject(value) || value[member] === undefined);
    expect(missing, `${prefix}${name}`).toEqual([]);
  }
}

const BLOCKS: Readonly<Record<string, string>> = {
  text: "TextBlock",
  thinking: "ThinkingBlock",
  tool_use: "ToolUseBlock",
};

let wire: WireGateway;

beforeAll(async () => {
  const call = { id: "call_1", name: "read", pieces: ['{"a":', "1}"] };
  wire = await startWireGateway([
    {
      vendor: "openai",
      model: "gpt-4.1",
      script: says({ reasoning: ["Hm."], text: ["Yes."], calls: [call] }),
    },
    {
      vendor: "anthropic",
      model: "claude-sonnet-4-5",
      script: saysAnthropic(
        [
          { type: "thinking", pieces: ["Hm."], signature: "sig" },
          { type: "text", pieces: ["Yes."] },
          { type: "tool_use", id: "toolu_1", name: "read", pieces: ['{"a":1}'] },
        ],
        "tool_use",
      ),
    },
  ]);
});

afterAll(() => wire.stop());

describe("W34: answers of messages have what the current types of the official SDK require", () => {
  const tools = [{ name: "read", input_schema: { type: "object" } }];
  test.each(["openai/gpt-4.1", "anthropic/claude-sonnet-4-5"])("whole, from %s", async (model) => {
    const { frames } = await wire.ask("v1/messages", false, { model, tools });
    const [message] = frames;
    expectMembers(message, "Message");
    expectMembers(field(message, "usage"), "Usage");
    const content = arrayField(message, "content");
    expect(content.map((block) => field(block, "type"))).toEqual(["thinking", "text", "tool_use"]);
    for (const block of content) expectMembers(block, BLOCKS[String(field(block, "type"))] ?? "");
  });

  test.each(["openai/gpt-4.1", "anthropic/claude-sonnet-4-5"])("streamed, from %s", async (model) => {
    const { frames } = await wire.ask("v1/messages", true, { model, tools });
    const ofType = (type: string) => frames.filter((frame) => field(frame, "type") === type);
    for (const frame of ofType("message_start")) {
      expectMembers(field(frame, "message"), "Message");
      expectMembers(field(field(frame, "message"), "usage"), "Usage");
    }
    for (const frame of ofType("content_block_start")) {
      const block = field(frame, "content_block");
      expectMembers(block, BLOCKS[String(field(block, "type"))] ?? "");
    }
    for (const frame of ofType("message_delta")) {
      expectMembers(frame, "RawMessageDeltaEvent");
      expectMembers(field(frame, "delta"), "RawMessageDeltaEvent.Delta");
      expectMembers(field(frame, "usage"), "MessageDeltaUsage");
    }
    expect(ofType("message_delta")).toHaveLength(1);
  });
});
