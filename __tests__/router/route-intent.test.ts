import { expect, test } from "vitest";
import type { ModeId } from "#lib/ai-models.ts";
import type { Intent, IntentReason } from "#lib/router/intent/intent.ts";
import { intentOf, routeIntent, withLastMode } from "#lib/router/intent/route-intent.ts";

const context = { hasImage: false, history: [], toolsFor: () => [] };

function intent(mode: ModeId, isDecisive: boolean, reason: IntentReason = "words"): Intent {
  return { mode, tools: [], reason, confidence: isDecisive ? 0.95 : 0.5, isDecisive };
}

test.each<[what: string, Intent, ModeId | undefined, ModeId, IntentReason]>([
  ["a first message keeps its mode", intent("fast", false), undefined, "fast", "words"],
  [
    "a first message that says nothing is smart",
    intent("smart", false, "unsure"),
    undefined,
    "smart",
    "unsure",
  ],
  ["a message that needs another mode gets it", intent("coder", true), "smart", "coder", "words"],
  ["code changes any session", intent("coder", true, "code"), "live", "coder", "code"],
  ["a tool changes any session", intent("live", true, "tool"), "coder", "live", "tool"],
  ["an image changes any session", intent("vision", true, "image"), "coder", "vision", "image"],
  ["a message that may be anything stays", intent("fast", false), "coder", "coder", "kept"],
  ["a message that says nothing stays", intent("smart", false, "unsure"), "reasoner", "reasoner", "kept"],
  ["a message of the same mode has its own reason", intent("live", false), "live", "live", "words"],
  ["a certain message of the same mode too", intent("live", true, "tool"), "live", "live", "tool"],
])("%s", (_, own, lastMode, mode, reason) => {
  expect(withLastMode(own, lastMode)).toMatchObject({ mode, reason });
});

test.each<[message: string, last: ModeId]>([
  ["continue", "coder"],
  ["shorter please", "smart"],
  ["why?", "reasoner"],
  ["and tomorrow?", "live"],
  ["y en euros?", "live"],
  ["noch ein Beispiel", "reasoner"],
  ["もっと短く", "smart"],
  ["继续", "coder"],
])("%j stays in %s", (message, lastMode) => {
  expect(routeIntent(message, { ...context, lastMode }).mode).toBe(lastMode);
});

test.each<[message: string, mode: ModeId]>([
  ["Write a Python function that merges two sorted lists.", "coder"],
  ["what's the weather in Lisbon tomorrow", "live"],
  ["Prove that there are infinitely many primes congruent to 3 modulo 4.", "reasoner"],
  ["Write a warm email to my landlord about the broken heating.", "smart"],
  ["what is the capital of Mongolia", "fast"],
  ["describe the photo I just sent you", "vision"],
])("a session in another mode goes on with %j in %s", (message, mode) => {
  for (const lastMode of ["smart", "coder", "live"] as const) {
    expect(routeIntent(message, { ...context, lastMode }).mode).toBe(mode);
  }
});

test.each<[message: string, mode: ModeId]>([
  ["hi", "fast"],
  ["thanks a lot!", "fast"],
  ["Is every compact Hausdorff space normal?", "reasoner"],
  ["how does photosynthesis work", "smart"],
  ["who is the president of France", "live"],
  ["who was the first president of the USA", "fast"],
  ["I'm feeling under the weather, write an excuse to my teacher", "smart"],
  ["explain what a transaction is in databases", "coder"],
  ["explain blockchain to my grandma", "smart"],
  ["is a python venomous", "fast"],
  ["upgrade to the latest version of react in my package.json", "coder"],
])("%j is %s", (message, mode) => expect(intentOf(message, context).mode).toBe(mode));
