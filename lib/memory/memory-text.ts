import { untrustedNotice, wrapUntrusted } from "#lib/prompts/sanitize.ts";

/** Characters of all facts that a model reads; of more, the newest. */
const MAX_FACTS = 6_000;

/** How a wish to remember or to forget has ended. */
export type WishOutcome =
  /** `dropped`: there was no room for these. */
  | { status: "done"; saved: readonly string[]; forgotten: readonly string[]; dropped: readonly string[] }
  | { status: "forgot_all" }
  /** There was nothing of the kind to forget, or nothing to remember. */
  | { status: "nothing" }
  /** `reason`: for the user, a sentence. */
  | { status: "failed"; reason: string };

/**
 * What a model reads beside the message: the facts about the user, and what has become of a wish to remember or
 * to forget. Undefined if there is neither.
 */
export function memoryText(
  facts: readonly string[],
  outcome: WishOutcome | undefined,
  nonce: string,
): string | undefined {
  const parts = [factsText(facts, nonce), outcome === undefined ? undefined : outcomeText(outcome, nonce)];
  const said = parts.filter((part) => part !== undefined);
  return said.length === 0 ? undefined : [untrustedNotice(nonce), ...said, ""].join("\n\n");
}

function factsText(facts: readonly string[], nonce: string): string | undefined {
  if (facts.length === 0) return undefined;
  let left = MAX_FACTS;
  const first = facts.findLastIndex((fact) => {
    left -= fact.length + 3;
    return left < 0;
  });
  const list = facts.slice(first + 1).map((fact) => `- ${fact}`);
  return (
    "What the user has told about themself in earlier conversations. Use it where it matters for the message that " +
    "follows, and do not recite or mention it otherwise. What the user says now is newer.\n" +
    wrapUntrusted(list.join("\n"), "memory", nonce)
  );
}

function outcomeText(outcome: WishOutcome, nonce: string): string {
  switch (outcome.status) {
    case "done": {
      const { saved, forgotten, dropped } = outcome;
      return ["The message asks you to remember or to forget something. What has been done just now:"]
        .concat(saved.length > 0 ? [`Remembered:\n${listed(saved, nonce)}`] : [])
        .concat(
          forgotten.length > 0 ? [`Deleted, so do not use it any more:\n${listed(forgotten, nonce)}`] : [],
        )
        .concat(
          dropped.length > 0
            ? [
                `Not remembered, as there is no room before the user deletes a fact:\n${listed(dropped, nonce)}`,
              ]
            : [],
        )
        .concat("Confirm it in a few words, and claim nothing beyond it.")
        .join("\n");
    }
    case "forgot_all":
      return (
        "The message asks you to forget what you know about the user. All remembered facts have been deleted just " +
        "now. Confirm it. Saved conversations are deleted in the list of conversations."
      );
    case "nothing":
      return (
        "The message seems to ask you to remember or to forget something about the user. Nothing was found that " +
        "could be remembered, and no remembered fact that it means: nothing was changed. Do not claim otherwise."
      );
    case "failed":
      return (
        "The message asks you to remember or to forget something. That has failed, and nothing was changed: say so, " +
        `and do not claim otherwise. The reason: ${outcome.reason}`
      );
  }
}

function listed(facts: readonly string[], nonce: string): string {
  return wrapUntrusted(facts.map((fact) => `- ${fact}`).join("\n"), "memory", nonce);
}
