import { expect, test } from "vitest";
import { METRICS } from "#lib/services/telemetry/metrics.ts";
import { ModelLabels } from "#lib/services/telemetry/model-labels.ts";
import { turnMeasurements } from "#lib/services/telemetry/turn-measurements.ts";
import { anAttemptUsage, anEndedTurn } from "../../support/ended-turns.ts";

const all = new ModelLabels(() => true);

/** `metric{label=value,…} value`, as one reads a scrape. */
function lines(turn = anEndedTurn(), models = all): string[] {
  return turnMeasurements(turn, models).map(({ metric, value, labels }) => {
    const text = Object.entries(labels).map(([name, label]) => `${name}=${label}`);
    return `${metric}{${text.join(",")}} ${value}`;
  });
}

const CEREBRAS = "gen_ai.operation.name=chat,gen_ai.provider.name=cerebras,gen_ai.request.model=gpt-oss-120b";
const MISTRAL =
  "gen_ai.operation.name=chat,gen_ai.provider.name=mistral_ai,gen_ai.request.model=mistral-large-latest";
const GROQ =
  "gen_ai.operation.name=chat,gen_ai.provider.name=groq,gen_ai.request.model=llama-3.3-70b-versatile";

test("a continued turn counts each attempt at its own engine; the names are those of the conventions", () => {
  expect(lines()).toEqual([
    "sarmalink.turns{route=/api/ai-chat,mode=smart,status=completed} 1",
    "sarmalink.attempts{provider=cerebras,model=gpt-oss-120b,outcome=rate_limited} 1",
    `gen_ai.client.operation.duration{${CEREBRAS},error.type=rate_limited} 0.04`,
    "sarmalink.attempts{provider=mistral,model=mistral-large-latest,outcome=interrupted} 1",
    "sarmalink.tokens{provider=mistral,model=mistral-large-latest,kind=prompt} 100",
    "sarmalink.tokens{provider=mistral,model=mistral-large-latest,kind=cached} 60",
    "sarmalink.tokens{provider=mistral,model=mistral-large-latest,kind=completion} 20",
    "sarmalink.tokens{provider=mistral,model=mistral-large-latest,kind=reasoning} 5",
    "sarmalink.cost.usd{provider=mistral,model=mistral-large-latest} 0.002",
    `gen_ai.client.operation.duration{${MISTRAL},error.type=interrupted} 0.9`,
    `gen_ai.client.operation.time_to_first_chunk{${MISTRAL}} 0.3`,
    `gen_ai.client.token.usage{${MISTRAL},gen_ai.token.type=input} 100`,
    `gen_ai.client.token.usage{${MISTRAL},gen_ai.token.type=output} 20`,
    "sarmalink.attempts{provider=groq,model=llama-3.3-70b-versatile,outcome=ok} 1",
    "sarmalink.tokens{provider=groq,model=llama-3.3-70b-versatile,kind=prompt} 110",
    "sarmalink.tokens{provider=groq,model=llama-3.3-70b-versatile,kind=cache_write} 8",
    "sarmalink.tokens{provider=groq,model=llama-3.3-70b-versatile,kind=completion} 30",
    "sarmalink.cost.usd{provider=groq,model=llama-3.3-70b-versatile} 0",
    "sarmalink.free.value.usd{provider=groq,model=llama-3.3-70b-versatile} 0.0009",
    `gen_ai.client.operation.duration{${GROQ}} 1.5`,
    `gen_ai.client.operation.time_to_first_chunk{${GROQ}} 0.12`,
    `gen_ai.client.token.usage{${GROQ},gen_ai.token.type=input} 110`,
    `gen_ai.client.token.usage{${GROQ},gen_ai.token.type=output} 30`,
  ]);
});

test("a cost that is not known is counted as such, and adds nothing to the cost", () => {
  const usage = anAttemptUsage({ costUsd: null, listUsd: null, source: "estimated" });
  const attempts = anEndedTurn()
    .attempts.slice(1, 2)
    .map((attempt) => ({ ...attempt, usage }));
  const written = lines(anEndedTurn({ attempts })).join("\n");
  expect(written).toContain("sarmalink.cost.unknown{provider=mistral,model=mistral-large-latest} 1");
  expect(written).not.toContain("sarmalink.cost.usd");
  // Tokens that nobody has counted are in our counters, and not in the convention's histogram.
  expect(written).toContain("kind=prompt} 100");
  expect(written).not.toContain("token.usage");
});

test("a turn of the gateway's own has no route of a client", () => {
  expect(lines(anEndedTurn({ route: undefined, attempts: [] }))).toEqual([
    "sarmalink.turns{route=internal,mode=smart,status=completed} 1",
  ]);
});

test("embeddings are an operation of their own", () => {
  expect(lines(anEndedTurn({ route: "/api/v1/embeddings", mode: "named" })).join()).toContain(
    "gen_ai.operation.name=embeddings",
  );
});

test("models that clients make up share one label, however many they are", () => {
  const models = new ModelLabels((_, model) => model === "listed");
  const labels = new Set<string>();
  for (let index = 0; index < 10_000; index++) {
    labels.add(models.of("openrouter", `made/up-${index}`, false));
    labels.add(models.of("openrouter", `real/one-${index}`, true));
  }
  expect(labels).toContain("other");
  expect(labels.size).toBe(201);
  // The operator's own are never among them.
  expect(models.of("openrouter", "listed", false)).toBe("listed");
  // A model that has answered once keeps its label.
  expect(models.of("openrouter", "real/one-0", false)).toBe("real/one-0");
});

test("the buckets are those of the conventions", () => {
  const seconds = [0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92];
  expect(METRICS["gen_ai.client.operation.duration"].buckets).toEqual(seconds);
  expect(METRICS["gen_ai.client.token.usage"].buckets).toEqual(
    Array.from({ length: 14 }, (_, index) => 4 ** index),
  );
});
