import { sumUsage, type TokenUsage } from "#lib/chat/usage.ts";
import { answerTimeMs } from "#lib/providers/call/answer-time.ts";
import { EngineFailure } from "#lib/providers/failures/failure.ts";
import type { Engine } from "#lib/providers/registry.ts";
import type { AttemptOutcome, EngineCall } from "#lib/providers/walk/walk-types.ts";
import { speechCost } from "#lib/services/admission/cost-estimate.ts";
import { assertModesAllowed } from "#lib/services/admission/key-admission.ts";
import type { EngineCatalogue } from "#lib/services/engines/offered-engines.ts";
import { NAMED_MODE } from "#lib/services/identity/caller.ts";
import { type BilledContext, type BilledDependencies, runBilled } from "#lib/services/run/billed-run.ts";
import { speakParts } from "#lib/services/speech/speak-parts.ts";
import { speechChain } from "#lib/services/speech/speech-chain.ts";
import { spokenFile } from "#lib/services/speech/spoken-file.ts";
import type { SpokenFile } from "#lib/speech/sound.ts";
import type { SpeechRequest } from "#lib/speech/speech-request.ts";

export type SpeechDependencies = BilledDependencies & EngineCatalogue;

export type SpeechInput = {
  /** What the client named; undefined for the engines of the gateway's choice. */
  model?: string | undefined;
  request: SpeechRequest;
};

export type Spoken = {
  file: SpokenFile;
  engine: Engine;
  attempts: number;
  /** Fields of the request that the engine could not take. */
  dropped: readonly string[];
};

type Answered = { file: SpokenFile; usage: TokenUsage; dropped: string[] };

/** The turn's tier in the ledger. */
const TIER = "speech";

/**
 * Speaks a text at the first engine that does it, a long one in several calls, and returns one valid file.
 *
 * Throws `model_not_found`, `no_engine_configured`, `rate_limited`, `budget_exceeded`, `forbidden`, `engines_refused`
 * and the errors of `walk`.
 */
export async function speak(
  { model, request }: SpeechInput,
  context: BilledContext,
  dependencies: SpeechDependencies,
): Promise<Spoken> {
  assertModesAllowed(context.caller, NAMED_MODE);
  const { engines, named } = speechChain(model, request, dependencies);
  const { value, engine, record } = await runBilled<Answered>(
    {
      engines,
      named,
      tier: TIER,
      maxCostUsd: speechCost(engines, request.text, dependencies),
      attempt: (target, onUsed) => attempt(target, request, context, dependencies, onUsed),
      usageOf: ({ usage }) => usage,
    },
    context,
    dependencies,
  );
  return { file: value.file, engine, attempts: record.calls, dropped: value.dropped };
}

async function attempt(
  target: EngineCall,
  request: SpeechRequest,
  { signal }: BilledContext,
  { run, effects }: SpeechDependencies,
  onUsed: (usage: TokenUsage) => void,
): Promise<AttemptOutcome<Answered>> {
  const { connectMs } = run.timeouts;
  const until = effects.clock.now() + answerTimeMs(target, run.timeouts);
  const outcome = await speakParts(target, request, { signal, connectMs, until }, effects, onUsed);
  if (!outcome.ok) return outcome;
  const { parts, usages, dropped } = outcome.value;
  try {
    const file = await spokenFile(parts, request.format);
    return { ok: true, value: { file, usage: sumUsage(usages), dropped } };
  } catch (error) {
    if (!(error instanceof EngineFailure)) throw error;
    for (const usage of usages) onUsed(usage);
    return { ok: false, failure: error.failure };
  }
}
