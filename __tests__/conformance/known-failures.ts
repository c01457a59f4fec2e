/** Assertions of llmprobe that fail by intent, by their id, and why. */
export const KNOWN_FAILURES: Readonly<Record<string, string>> = {
  "messages-cache-bound":
    "the suite is wrong: Anthropic's `input_tokens` leaves out what was read from the cache, so that one says nothing of the other",
  "messages-cache-prefix-bound": "the same",
  "messages-requires-max-tokens":
    "by intent: `max_tokens` may be absent, and the engine's own limit holds (MESSAGES.md)",
  "count-tokens-matches-usage":
    "an estimate where the engine cannot count: four characters a token (MESSAGES.md)",
};
