import { estimatedUsage, estimateTokens, type TokenUsage } from "#lib/chat/usage.ts";
import { callEngine } from "#lib/providers/call/engine-call.ts";
import { readWholeMedia } from "#lib/providers/call/whole-answer.ts";
import { isPaid, mayBeBilled } from "#lib/providers/cost.ts";
import { EngineFailure, type Failure } from "#lib/providers/failures/failure.ts";
import { speakPowerOf } from "#lib/providers/protocols/index.ts";
import type { AttemptOutcome, EngineCall } from "#lib/providers/walk/walk-types.ts";
import type { BilledDependencies } from "#lib/services/run/billed-run.ts";
import type { SpokenPart } from "#lib/services/speech/spoken-file.ts";
import { linkAbort } from "#lib/shared/abort.ts";
import { type Audio, readAudio } from "#lib/speech/read-audio.ts";
import { secondsOf } from "#lib/speech/sound.ts";
import { maxSpeechSeconds } from "#lib/speech/speech-length.ts";
import type { SpeechRequest } from "#lib/speech/speech-request.ts";
import { splitSpeech, type TextPart } from "#lib/speech/split-text.ts";

export type SpokenParts = { parts: SpokenPart[]; usages: TokenUsage[]; dropped: string[] };

export type SpeechEffects = BilledDependencies["effects"];

export type PartLimits = {
  signal: AbortSignal;
  connectMs: number;
  /** When all parts have to be there, on the monotonic clock. */
  until: number;
};

/** Calls at a time: free tiers allow few. */
const MAX_AT_ONCE = 4;
/** Bytes of an answer: eight minutes of samples at 24 kHz in base64, more than the longest part takes. */
const MAX_ANSWER_BYTES = 32 * 1024 * 1024;

type Spoken = { audio: Audio; usage: TokenUsage };

/**
 * Has one engine speak a text, in as many calls as it needs. The first failure ends the others. `onUsed` takes what
 * was used by calls whose results are discarded.
 */
export async function speakParts(
  target: EngineCall,
  request: SpeechRequest,
  limits: PartLimits,
  effects: SpeechEffects,
  onUsed: (usage: TokenUsage) => void,
): Promise<AttemptOutcome<SpokenParts>> {
  const { maxTextBytes } = speakPowerOf(target.engine).abilities(target.engine);
  const texts = splitSpeech(request.text, request.language, maxTextBytes);
  const calls = new PartCalls(target, request, limits, effects);
  try {
    await calls.run(texts);
  } catch (error) {
    for (const usage of calls.wasted()) onUsed(usage);
    throw error;
  }
  const { failure, dropped } = calls;
  if (failure !== undefined) {
    for (const usage of calls.wasted()) onUsed(usage);
    return { ok: false, failure };
  }
  return { ok: true, value: { ...calls.spoken(texts), dropped: [...dropped] } };
}

/** The calls of one attempt, some at a time. */
class PartCalls {
  readonly #target: EngineCall;
  readonly #request: SpeechRequest;
  readonly #limits: PartLimits;
  readonly #effects: SpeechEffects;
  readonly #done = new Map<number, Spoken>();
  /** Texts of calls that have not ended. */
  readonly #open = new Map<number, string>();
  readonly dropped = new Set<string>();
  /** Of the first call that failed. */
  failure: Failure | undefined;

  constructor(target: EngineCall, request: SpeechRequest, limits: PartLimits, effects: SpeechEffects) {
    this.#target = target;
    this.#request = request;
    this.#limits = limits;
    this.#effects = effects;
  }

  /** Rejects when the signal aborts; no call is open then. */
  async run(texts: readonly TextPart[]): Promise<void> {
    const abort = linkAbort(this.#limits.signal);
    const queue = [...texts.entries()];
    const work = async (): Promise<void> => {
      for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
        const [index, { text }] = next;
        if (this.failure === undefined) await this.#call(index, text, abort.controller);
      }
    };
    const ended = await Promise.allSettled(Array.from({ length: MAX_AT_ONCE }, work));
    abort.unlink();
    const thrown = ended.find((one) => one.status === "rejected");
    if (thrown !== undefined) throw thrown.reason;
  }

  async #call(index: number, text: string, abort: AbortController): Promise<void> {
    const { connectMs, until } = this.#limits;
    const power = speakPowerOf(this.#target.engine);
    const { request, dropped } = power.encode({ ...this.#request, text }, this.#target.engine);
    for (const name of dropped) this.dropped.add(name);
    this.#open.set(index, text);
    const outcome = await callEngine(
      this.#target,
      request,
      { signal: abort.signal, connectMs, timeoutMs: Math.max(0, until - this.#effects.clock.now()) },
      this.#effects,
      (answer) =>
        readWholeMedia(answer, MAX_ANSWER_BYTES, (media) => {
          const spoken = power.decode(media);
          return spoken && heard(spoken, text);
        }),
    );
    if (outcome.ok) {
      this.#open.delete(index);
      this.#done.set(index, outcome.value);
    } else if (this.failure === undefined) {
      this.failure = outcome.failure;
      // The other calls end with the same failure.
      abort.abort(new EngineFailure(outcome.failure));
    }
  }

  spoken(texts: readonly TextPart[]): Pick<SpokenParts, "parts" | "usages"> {
    return {
      parts: inOrder(texts, this.#done),
      usages: [...this.#done.values()].map(({ usage }) => usage),
    };
  }

  /** What calls used that came to nothing, with those that an engine that bills may have worked on. */
  wasted(): TokenUsage[] {
    const { isPaid: bills = isPaid } = this.#effects;
    const used = [...this.#done.values()].map(({ usage }) => usage);
    if (!bills(this.#target.engine) || !mayBeBilled(this.failure)) return used;
    return [...used, ...[...this.#open.values()].map(estimatedSpeech)];
  }
}

function estimatedSpeech(text: string): TokenUsage {
  return { ...estimatedUsage(estimateTokens(text.length), 0), audioSeconds: maxSpeechSeconds(text) };
}

function inOrder(texts: readonly TextPart[], done: ReadonlyMap<number, Spoken>): SpokenPart[] {
  return texts.flatMap(({ endsSentence }, index) => {
    const spoken = done.get(index);
    return spoken === undefined ? [] : [{ audio: spoken.audio, endsSentence }];
  });
}

/** Throws for an answer without a sound, which the text may have caused. Undefined for one that is no audio. */
function heard(
  { bytes, mediaType, usage }: { bytes: Uint8Array; mediaType: string; usage?: TokenUsage | undefined },
  text: string,
): Spoken | undefined {
  const audio = bytes.length === 0 ? undefined : readAudio(bytes, mediaType);
  if (bytes.length === 0 || (audio?.kind === "sound" && audio.sound.samples.length === 0)) {
    throw new EngineFailure({ kind: "no_answer", reason: "The engine's answer has no sound." });
  }
  if (audio === undefined) return undefined;
  const tokens = usage ?? estimatedUsage(estimateTokens(text.length), 0);
  return { audio, usage: { ...tokens, audioSeconds: lengthOf(audio, text) } };
}

/** Seconds; an estimate for a format that does not say it. */
function lengthOf(audio: Audio, text: string): number {
  switch (audio.kind) {
    case "sound":
      return secondsOf(audio.sound);
    case "mp3":
      return audio.mp3.seconds;
    case "file":
      return maxSpeechSeconds(text);
  }
}
