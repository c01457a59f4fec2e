import { describe, expect, test } from "vitest";
import type { ModeId } from "#lib/ai-models.ts";
import { routeIntent } from "#lib/router/intent/route-intent.ts";
import { type PersonMessage, stickyMode } from "#lib/router/sticky-mode.ts";
import type { ToolRequest } from "#lib/tools/tool.ts";
import { fc } from "../support/properties.ts";

const CODE = "```python\ndef f(x):\n    return x.foo()\n```";
const MORE = "And the second one?";
const WEATHER = "weather in Paris";

const toolsFor = ({ message }: ToolRequest): string[] => (message.includes("weather") ? ["weather"] : []);
const said = (...texts: readonly string[]): PersonMessage[] =>
  texts.map((text) => ({ text, hasImage: false }));
const seen = (text: string): PersonMessage => ({ text, hasImage: true });

describe("the mode of a conversation", () => {
  const ROWS: readonly (readonly [string, readonly PersonMessage[], ModeId | undefined])[] = [
    ["without a message there is none", [], undefined],
    ["a message that says nothing is smart", said(MORE), "smart"],
    ["code is coder", said(CODE), "coder"],
    ["a tool is live", said(WEATHER), "live"],
    ["what follows code stays", said(CODE, MORE, MORE), "coder"],
    ["the newest that needs a mode wins", said(CODE, MORE, WEATHER, MORE), "live"],
    ["and back", said(CODE, WEATHER, CODE, MORE), "coder"],
    ["an image does not move it", [...said(CODE), seen("What is it?")], "coder"],
    ["nor does an image alone", [seen("")], "smart"],
    ["code beside an image is code", [...said(WEATHER), seen(CODE)], "coder"],
    ["what was more than ten messages ago is forgotten", said(CODE, ...Array(10).fill(MORE)), "smart"],
  ];
  test.each(ROWS)("%s", (_, messages, mode) => {
    expect(stickyMode(messages, toolsFor)).toBe(mode);
  });

  test("is what reading all messages in their order gives", () => {
    const text = fc.constantFrom(CODE, MORE, WEATHER, "Hello", "Write a long letter to my aunt.", "");
    fc.assert(
      fc.property(fc.array(text, { minLength: 1, maxLength: 10 }), (texts) => {
        let lastMode: ModeId | undefined;
        for (const [at, message] of texts.entries()) {
          const history = texts.slice(0, at).map((content) => ({ role: "user" as const, content }));
          lastMode = routeIntent(message, { hasImage: false, history, toolsFor, lastMode }).mode;
        }
        expect(stickyMode(said(...texts), toolsFor)).toBe(lastMode);
      }),
    );
  });
});
