import { expect, test } from "vitest";
import { turnSpans } from "#lib/services/telemetry/turn-spans.ts";
import { anEndedTurn } from "../../support/ended-turns.ts";

test("a turn is the server's span, and each call of an engine a client's, with its real times", () => {
  const { turn, attempts } = turnSpans(anEndedTurn());
  expect(turn).toEqual({
    name: "chat smart",
    kind: "server",
    startedAt: 1_000_000,
    endedAt: 1_002_500,
    hasFailed: false,
    attributes: {
      "gen_ai.operation.name": "chat",
      "gen_ai.request.model": "smart",
      "gen_ai.response.model": "llama-3.3-70b-versatile",
      "gen_ai.provider.name": "groq",
      "http.route": "/api/ai-chat",
      "sarmalink.request_id": "5f0c7e5e-3c1b-4d5a-9b8e-0d9f5c1a2b3c",
      "sarmalink.mode": "smart",
      "sarmalink.status": "completed",
      "sarmalink.caller": "user",
      "sarmalink.attempts": 3,
      "sarmalink.turn.prompt_tokens": 210,
      "sarmalink.turn.completion_tokens": 50,
      "sarmalink.turn.cached_tokens": 60,
      "sarmalink.turn.cost_usd": 0.002,
    },
  });
  expect(
    attempts.map(({ name, kind, startedAt, endedAt, hasFailed }) => [
      name,
      kind,
      startedAt,
      endedAt,
      hasFailed,
    ]),
  ).toEqual([
    ["chat gpt-oss-120b", "client", 1_000_010, 1_000_050, true],
    ["chat mistral-large-latest", "client", 1_000_060, 1_000_960, true],
    ["chat llama-3.3-70b-versatile", "client", 1_000_980, 1_002_480, false],
  ]);
  expect(attempts[1]?.attributes).toEqual({
    "gen_ai.operation.name": "chat",
    "gen_ai.provider.name": "mistral_ai",
    "gen_ai.request.model": "mistral-large-latest",
    "gen_ai.response.time_to_first_chunk": 0.3,
    "gen_ai.usage.input_tokens": 100,
    "gen_ai.usage.output_tokens": 20,
    "gen_ai.usage.cache_read.input_tokens": 60,
    "gen_ai.usage.cache_creation.input_tokens": 0,
    "gen_ai.usage.reasoning.output_tokens": 5,
    "error.type": "interrupted",
    "sarmalink.provider": "mistral",
    "sarmalink.attempt": 2,
    "sarmalink.outcome": "interrupted",
    "sarmalink.key_index": 1,
    "sarmalink.usage_source": "exact",
    "sarmalink.billed": true,
    "sarmalink.cost_usd": 0.002,
  });
});

test.each([
  ["completed", false, undefined],
  ["failed", true, "failed"],
  ["interrupted", true, "interrupted"],
  ["cancelled", false, "cancelled"],
  ["refused", false, "refused"],
] as const)("a turn that is %s: error %s", (status, hasFailed, errorType) => {
  const { turn } = turnSpans(anEndedTurn({ status }));
  expect([turn.hasFailed, turn.attributes["error.type"]]).toEqual([hasFailed, errorType]);
});

test("calls without a time of their own follow one another", () => {
  const attempts = anEndedTurn().attempts.map(({ startedMs: _, ...attempt }) => attempt);
  const times = turnSpans(anEndedTurn({ attempts })).attempts.map(({ startedAt }) => startedAt);
  expect(times).toEqual([1_000_000, 1_000_040, 1_000_940]);
});

test("what the gateway asks for itself is internal", () => {
  expect(turnSpans(anEndedTurn({ route: undefined })).turn.kind).toBe("internal");
});
