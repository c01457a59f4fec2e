import { estimateTokens, type TokenUsage } from "#lib/chat/usage.ts";
import {
  type EmbeddingInput,
  type EmbeddingRequest,
  inputCount,
  splitEmbedding,
} from "#lib/embeddings/embedding-request.ts";
import { type Embeddings, joinEmbeddings } from "#lib/embeddings/vectors.ts";
import { answerTimeMs } from "#lib/providers/call/answer-time.ts";
import { callEngine } from "#lib/providers/call/engine-call.ts";
import { readWholeJson } from "#lib/providers/call/whole-answer.ts";
import { isPaid, mayBeBilled } from "#lib/providers/cost.ts";
import { embedPowerOf } from "#lib/providers/embeddings/embed-power.ts";
import { EMBEDDING_MODELS } from "#lib/providers/embeddings/embedding-models.ts";
import type { Failure } from "#lib/providers/failures/failure.ts";
import type { Engine } from "#lib/providers/registry.ts";
import type { AttemptOutcome, EngineCall } from "#lib/providers/walk/walk-types.ts";
import { embeddingCost } from "#lib/services/admission/cost-estimate.ts";
import { assertModesAllowed } from "#lib/services/admission/key-admission.ts";
import {
  type EngineCatalogue,
  engineRefusal,
  type OfferedEngines,
  type OfferedModels,
  offeredEngines,
} from "#lib/services/engines/offered-engines.ts";
import { NAMED_MODE } from "#lib/services/identity/caller.ts";
import { type BilledContext, type BilledDependencies, runBilled } from "#lib/services/run/billed-run.ts";

export type EmbeddingsDependencies = BilledDependencies & EngineCatalogue;

export type Embedded = {
  vectors: Embeddings["vectors"];
  promptTokens: number;
  engine: Engine;
  attempts: number;
  /** The name that the client used, or the named engine as `provider/model`. */
  model: string;
  dropped: readonly string[];
};

type Answered = Embeddings & { dropped: readonly string[] };

/** Bytes of an answer beside its vectors, and of one vector of 8,192 numbers with all their digits. */
const ANSWER_BYTES = 2 * 1024 * 1024;
const VECTOR_BYTES = 256 * 1024;

const DIMENSION_MISMATCH: Failure = {
  kind: "bad_response",
  reason: "The engine's vectors differ in length.",
};

/**
 * Embeds texts with the model that the client names, at the first of its providers that answers. Another
 * model never replaces it: its vectors could not be compared with those that the client has stored.
 *
 * Throws `model_not_found`, `rate_limited`, `budget_exceeded`, `forbidden`, `engines_refused` and
 * the errors of `walk`.
 */
export async function embed(
  model: string,
  request: EmbeddingRequest,
  context: BilledContext,
  dependencies: EmbeddingsDependencies,
): Promise<Embedded> {
  assertModesAllowed(context.caller, NAMED_MODE);
  const { engines, named } = findEngines(model, request.input, dependencies);
  const { value, engine, record } = await runBilled<Answered>(
    {
      engines,
      named,
      tier: NAMED_MODE,
      maxCostUsd: embeddingCost(engines, request.input, dependencies),
      attempt: (target, onUsed) => callForVectors(target, request, context, dependencies, onUsed),
      usageOf: (answer) => usageOf(answer, request.input),
    },
    context,
    dependencies,
  );
  return {
    vectors: value.vectors,
    promptTokens: usageOf(value, request.input).promptTokens,
    engine,
    attempts: record.calls,
    model: named ? engine.id : model,
    dropped: value.dropped,
  };
}

/** Every name stands for one model: vectors of two could not be compared. */
const MODELS: OfferedModels = {
  offer: "embeddings",
  does: { one: "embeds text with this model", plural: "embed text with this model" },
  noun: "embedding model",
  enginesOf: (name = "") => (Object.hasOwn(EMBEDDING_MODELS, name) ? EMBEDDING_MODELS[name] : undefined),
  names: Object.keys(EMBEDDING_MODELS),
};

function findEngines(name: string, input: EmbeddingInput, catalogue: EngineCatalogue): OfferedEngines {
  const { engines, named } = offeredEngines(name, MODELS, catalogue);
  const able =
    input.kind === "texts" ? engines : engines.filter((one) => embedPowerOf(one).limits(one).takesTokens);
  if (able.length > 0) return { engines: able, named };
  throw engineRefusal(`No provider of "${name}" accepts lists of tokens; send the texts.`, "input");
}

/**
 * One attempt: a call, or several if the engine takes fewer inputs at a time; then all of them count or none.
 * `onUsed` takes the usage of calls whose results are discarded, but which may be billed.
 */
async function callForVectors(
  target: EngineCall,
  request: EmbeddingRequest,
  { signal }: BilledContext,
  dependencies: EmbeddingsDependencies,
  onUsed: (usage: TokenUsage) => void,
): Promise<AttemptOutcome<Answered>> {
  const { engine } = target;
  const { isPaid: bills = isPaid } = dependencies.effects;
  const until = dependencies.effects.clock.now() + answerTimeMs(target, dependencies.run.timeouts);
  const answered: Embeddings[] = [];
  const wasted: TokenUsage[] = [];
  const dropped = new Set<string>();
  const ended = (part: EmbeddingRequest, failure: Failure | undefined): void => {
    if (bills(engine) && mayBeBilled(failure)) wasted.push(usageOf({ promptTokens: undefined }, part.input));
    for (const usage of wasted) onUsed(usage);
  };
  for (const part of splitEmbedding(request, embedPowerOf(engine).limits(engine))) {
    let outcome: AttemptOutcome<Answered>;
    try {
      outcome = await callOnce(target, part, { signal, until }, dependencies);
    } catch (error) {
      if (signal.aborted) ended(part, undefined);
      throw error;
    }
    if (!outcome.ok) {
      ended(part, outcome.failure);
      return outcome;
    }
    answered.push(outcome.value);
    wasted.push(usageOf(outcome.value, part.input));
    for (const name of outcome.value.dropped) dropped.add(name);
  }
  const value = joinEmbeddings(answered);
  if (value !== undefined) return { ok: true, value: { ...value, dropped: [...dropped] } };
  for (const usage of wasted) onUsed(usage);
  return { ok: false, failure: DIMENSION_MISMATCH };
}

/** One call, which has to end by `until` on the monotonic clock. */
async function callOnce(
  target: EngineCall,
  part: EmbeddingRequest,
  { signal, until }: { signal: AbortSignal; until: number },
  { effects, run }: EmbeddingsDependencies,
): Promise<AttemptOutcome<Answered>> {
  const power = embedPowerOf(target.engine);
  const { request, dropped } = power.encode(part, target.engine);
  const count = inputCount(part.input);
  const outcome = await callEngine(
    target,
    request,
    {
      signal,
      connectMs: run.timeouts.connectMs,
      timeoutMs: Math.max(0, until - effects.clock.now()),
    },
    effects,
    (answer) =>
      readWholeJson(answer, ANSWER_BYTES + count * VECTOR_BYTES, (body) => power.decode(body, count)),
  );
  return outcome.ok ? { ok: true, value: { ...outcome.value, dropped } } : outcome;
}

/** As reported; for a provider that reports nothing, the estimated tokens of the texts. */
function usageOf({ promptTokens }: Pick<Embeddings, "promptTokens">, input: EmbeddingInput): TokenUsage {
  const estimate =
    input.kind === "tokens"
      ? input.tokens.reduce((sum, tokens) => sum + tokens.length, 0)
      : estimateTokens(input.texts.reduce((sum, text) => sum + text.length, 0));
  return {
    promptTokens: promptTokens ?? estimate,
    completionTokens: 0,
    cachedTokens: 0,
    cacheWriteTokens: 0,
    reasoningTokens: 0,
    source: promptTokens === undefined ? "estimated" : "exact",
  };
}
