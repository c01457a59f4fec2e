import { describe, expect, test } from "vitest";
import { MODE_IDS } from "#lib/ai-models.ts";
import type { TextPart } from "#lib/chat/request.ts";
import { systemPrompt, TONES } from "#lib/prompts/system-prompt.ts";

const NOW = Date.parse("2026-11-22T23:59:59Z");
const nonce = "feedfacefeedface";

function parts(changes: Partial<Parameters<typeof systemPrompt>[0]> = {}): {
  stable: TextPart;
  rest: TextPart;
} {
  const { content } = systemPrompt({ mode: "smart", now: NOW, nonce, ...changes });
  const [stable, rest, ...more] = content as TextPart[];
  if (stable === undefined || rest === undefined || more.length > 0) throw new Error("not two parts");
  return { stable, rest };
}

describe("the system prompt", () => {
  test("breaks for the cache after its stable part, and nowhere else", () => {
    const { stable, rest } = parts({ customInstructions: "Be kind" });
    expect(stable.cacheBreakpoint).toBe("ours");
    expect(rest.cacheBreakpoint).toBeUndefined();
  });

  test("tells the UTC date and no clock time", () => {
    const { stable, rest } = parts();
    expect(rest.text).toBe("Today is 2026-11-22.");
    expect(stable.text + rest.text).not.toMatch(/\d{1,2}:\d{2}/);
  });

  test.each(MODE_IDS)("its stable part in mode %s depends on mode and tone alone", (mode) => {
    const [one, other] = [
      parts({ mode, tone: "concise", customInstructions: "A" }),
      parts({ mode, tone: "concise", customInstructions: "B", now: NOW + 86_400_000, nonce: "other" }),
    ];
    expect(one?.stable).toEqual(other?.stable);
    expect(one?.stable.text).not.toContain(nonce);
  });

  test("differs by mode and by tone", () => {
    const modes = MODE_IDS.map((mode) => parts({ mode }).stable.text);
    const tones = TONES.map((tone) => parts({ tone }).stable.text);
    expect(new Set([...modes, ...tones]).size).toBe(MODE_IDS.length + TONES.length);
  });

  test.each([undefined, "", "  \n "])("mentions no nonce without instructions (%j)", (customInstructions) => {
    expect(parts({ customInstructions }).rest.text).not.toContain(nonce);
  });
});
