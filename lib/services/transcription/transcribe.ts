import { estimatedUsage, type TokenUsage } from "#lib/chat/usage.ts";
import { answerTimeMs } from "#lib/providers/call/answer-time.ts";
import { callEngine } from "#lib/providers/call/engine-call.ts";
import { readWholeJson } from "#lib/providers/call/whole-answer.ts";
import { isPaid, mayBeBilled } from "#lib/providers/cost.ts";
import { transcribePowerOf } from "#lib/providers/protocols/index.ts";
import type { Engine } from "#lib/providers/registry.ts";
import {
  TRANSCRIPTION_ENGINES,
  TRANSCRIPTION_MODELS,
} from "#lib/providers/transcription/transcription-engines.ts";
import type { AttemptOutcome, EngineCall } from "#lib/providers/walk/walk-types.ts";
import { transcriptionCost } from "#lib/services/admission/cost-estimate.ts";
import { assertModesAllowed } from "#lib/services/admission/key-admission.ts";
import {
  type EngineCatalogue,
  type OfferedModels,
  offeredEngines,
} from "#lib/services/engines/offered-engines.ts";
import { NAMED_MODE } from "#lib/services/identity/caller.ts";
import { type BilledContext, type BilledDependencies, runBilled } from "#lib/services/run/billed-run.ts";
import { readRecording } from "#lib/services/transcription/read-recording.ts";
import { GatewayError } from "#lib/shared/errors.ts";
import type { Transcript } from "#lib/transcription/transcript.ts";
import type { TranscriptionRequest } from "#lib/transcription/transcription-request.ts";

export type TranscriptionDependencies = BilledDependencies & EngineCatalogue;

/** What a client wants written down: the file as it came, and what it says of it. */
export type WantedTranscription = Omit<TranscriptionRequest, "audio"> & {
  file: Buffer;
  /** A known name, or `provider/model`; the chain if there is none. */
  model?: string | undefined;
};

export type Transcribed = {
  transcript: Transcript;
  engine: Engine;
  attempts: number;
  /** Fields of the request that the engine could not take, by OpenAI's names. */
  dropped: readonly string[];
};

/** What one call came to. `usage`: it counts whether the answer is used or not. */
type Answered = { transcript: Transcript; dropped: readonly string[]; usage: TokenUsage };

const MODELS: OfferedModels = {
  offer: "transcription",
  does: { one: "transcribes", plural: "transcribe" },
  noun: "transcription model",
  enginesOf(name) {
    if (name === undefined) return TRANSCRIPTION_ENGINES;
    return Object.hasOwn(TRANSCRIPTION_MODELS, name) ? TRANSCRIPTION_MODELS[name] : undefined;
  },
  names: Object.keys(TRANSCRIPTION_MODELS),
};

/** With the times of all words of many hours. */
const MAX_ANSWER_BYTES = 32 * 1024 * 1024;
/** Of a recording whose length nobody tells, the fewest bytes of a second: speech is hardly ever stored in less. */
const MIN_BYTES_A_SECOND = 2_000;

/**
 * Writes down what is spoken in a recording, at the first engine that answers. An empty text is an answer: nobody
 * spoke.
 *
 * Throws `unsupported_media_type` and `invalid_request` for a file that is no recording, `payload_too_large` if it is
 * too large for all engines, the errors of `offeredEngines`, `forbidden`, and those of `runBilled`.
 */
export async function transcribe(
  { file, model, ...wanted }: WantedTranscription,
  context: BilledContext,
  dependencies: TranscriptionDependencies,
): Promise<Transcribed> {
  assertModesAllowed(context.caller, NAMED_MODE);
  const request: TranscriptionRequest = { ...wanted, audio: await readRecording(file) };
  const { engines, named } = offeredEngines(model, MODELS, dependencies);
  const { value, engine, record } = await runBilled<Answered>(
    {
      engines,
      named,
      tier: "transcription",
      maxCostUsd: transcriptionCost(engines, maxSeconds(request, engines), dependencies),
      attempt: (target, onUsed) => callOnce(target, request, context, dependencies, onUsed),
      usageOf: ({ usage }) => usage,
    },
    context,
    dependencies,
  ).catch(asTooLarge);
  const { transcript, dropped } = value;
  return { transcript: withKnown(transcript, request), engine, attempts: record.calls, dropped };
}

async function callOnce(
  target: EngineCall,
  request: TranscriptionRequest,
  { signal }: BilledContext,
  { effects, run }: TranscriptionDependencies,
  onUsed: (usage: TokenUsage) => void,
): Promise<AttemptOutcome<Answered>> {
  const { engine } = target;
  const power = transcribePowerOf(engine);
  const { request: sent, dropped } = power.encode(request, engine);
  const bills = (effects.isPaid ?? isPaid)(engine);
  const wasted = (): void => {
    if (bills) onUsed(usageOf(request.audio.seconds, request, engine));
  };
  let outcome: AttemptOutcome<Transcript>;
  try {
    outcome = await callEngine(
      target,
      sent,
      { signal, connectMs: run.timeouts.connectMs, timeoutMs: answerTimeMs(target, run.timeouts) },
      effects,
      (answer) => readWholeJson(answer, MAX_ANSWER_BYTES, power.decode),
    );
  } catch (error) {
    if (signal.aborted) wasted();
    throw error;
  }
  if (!outcome.ok) {
    if (mayBeBilled(outcome.failure)) wasted();
    return outcome;
  }
  const { value: transcript } = outcome;
  const usage = usageOf(transcript.seconds ?? request.audio.seconds, request, engine);
  return { ok: true, value: { transcript, usage, dropped: [...dropped, ...missing(transcript, request)] } };
}

/** Providers report no usage: the length of the recording counts, as the engine or the file has it. */
function usageOf(seconds: number | undefined, { audio }: TranscriptionRequest, engine: Engine): TokenUsage {
  const length = seconds ?? audio.bytes.length / MIN_BYTES_A_SECOND;
  const audioSeconds = Math.max(length, transcribePowerOf(engine).minBilledSeconds(engine));
  return { ...estimatedUsage(0, 0), audioSeconds };
}

/** The most seconds that an engine may count. */
function maxSeconds({ audio }: TranscriptionRequest, engines: readonly Engine[]): number {
  const least = engines.map((engine) => transcribePowerOf(engine).minBilledSeconds(engine));
  return Math.max(audio.seconds ?? audio.bytes.length / MIN_BYTES_A_SECOND, ...least);
}

/** What was asked for and is not in the answer, by OpenAI's names. */
function missing({ text, words }: Transcript, request: TranscriptionRequest): string[] {
  return request.words === true && words.length === 0 && text !== "" ? ["timestamp_granularities"] : [];
}

/** With what the client and the file say where the engine is silent. */
function withKnown(transcript: Transcript, { audio, language }: TranscriptionRequest): Transcript {
  return {
    ...transcript,
    language: transcript.language ?? language,
    seconds: transcript.seconds ?? audio.seconds,
  };
}

/** There is no conversation that could be shortened. */
function asTooLarge(error: unknown): never {
  if (!(error instanceof GatewayError) || error.code !== "context_length_exceeded") throw error;
  throw new GatewayError(
    "payload_too_large",
    "The recording is larger than the engines take. Send it in parts, or with a lower bit rate.",
    { cause: error },
  );
}
