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
