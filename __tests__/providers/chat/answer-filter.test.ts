import { describe, expect, test } from "vitest";
import type { ChatEvent } from "#lib/chat/events.ts";
import { AnswerFilter, type SentBeside } from "#lib/providers/chat/answer-filter.ts";
import { newRecord } from "#lib/providers/chat/run.ts";

describe("an answer that does not end", () => {
  test.each<["text" | "reasoning"]>([["text"], ["reasoning"]])(
    "is passed on whole, and at most a million characters of its %s stay in memory",
    (type) => {
      const record = newRecord();
      const sent: SentBeside = { reasoning: "", beyondText: undefined };
      const filter = new AnswerFilter(record, sent, "instructed");
      const piece: ChatEvent = { type, text: "x".repeat(300_000) };
      let passed = 0;
      for (let chunk = 0; chunk < 20; chunk++) {
        for (const event of filter.pass([piece])) if (event.type === type) passed += event.text.length;
      }
      expect(passed).toBe(6_000_000);
      expect([record.text.length, sent.reasoning.length]).toEqual(
        type === "text" ? [1_000_000, 0] : [0, 1_000_000],
      );
    },
  );
});

describe("how many tokens of an answer the client got", () => {
  const usage = { promptTokens: 5, cachedTokens: 0, cacheWriteTokens: 0, source: "exact" } as const;
  const filterAfter = (text: string) =>
    new AnswerFilter({ ...newRecord(), text }, { reasoning: "", beyondText: undefined }, "echoedPrefill");

  test("all that it was sent; not the reasoning that is counted and not shown", () => {
    const filter = filterAfter("");
    expect(filter.servedOf({ ...usage, completionTokens: 50, reasoningTokens: 0 })).toBe(0);
    filter.pass([{ type: "text", text: "four letters" }]);
    filter.end();
    expect(filter.servedOf({ ...usage, completionTokens: 50, reasoningTokens: 40 })).toBe(10);
    filter.pass([{ type: "reasoning", text: "shown" }]);
    expect(filter.servedOf({ ...usage, completionTokens: 50, reasoningTokens: 40 })).toBe(50);
    expect(filter.servedOf({ ...usage, completionTokens: 5, reasoningTokens: 40 })).toBe(5);
  });

  test("its share, if a continuation repeated what had been sent", () => {
    const filter = filterAfter("The beginning, ");
    filter.pass([{ type: "text", text: "The beginning, and then" }]);
    filter.end();
    // 8 of 23 characters are new.
    expect(filter.servedOf({ ...usage, completionTokens: 23, reasoningTokens: 0 })).toBe(8);
  });
});
