import { estimatedUsage, estimateTokens, type TokenUsage } from "#lib/chat/usage.ts";
import { type CallEffects, callEngine } from "#lib/providers/call/engine-call.ts";
import { readWholeMedia } from "#lib/providers/call/whole-answer.ts";
import { EngineFailure, type Failure } from "#lib/providers/failures/failure.ts";
import { speakPowerOf } from "#lib/providers/protocols/index.ts";
import type { AttemptOutcome, EngineCall } from "#lib/providers/walk/walk-types.ts";
import type { SpokenPart } from "#lib/services/speech/spoken-file.ts";
import { linkAbort } from "#lib/shared/abort.ts";
import { type Audio, readAudio } from "#lib/speech/read-audio.ts";
import { secondsOf } from "#lib/speech/sound.ts";
import { maxSpeechSeconds } from "#lib/speech/speech-length.ts";
import type { SpeechRequest } from "#lib/speech/speech-request.ts";
import { splitSpeech, type TextPart } from "#lib/speech/split-text.ts";

export type SpokenParts = { parts: SpokenPart[]; usages: TokenUsage[]; dropped: string[] };

export type PartLimits = {
  signal: AbortSignal;
  connectMs: number;
  /** When all parts have to be there, on the monotonic clock. */
  until: number;
};

/** Calls at a time: free tiers allow few. */
const MAX_AT_ONCE = 4;
/** Bytes of an answer: samples of two minutes in base64. A part is shorter. */
const MAX_ANSWER_BYTES = 48 * 1024 * 1024;

type Spoken = { audio: Audio; usage: TokenUsage };

/**
 * Has one engine speak a text, in as many calls as it needs. The first failure ends the others. `onUsed` takes what
 * was used by calls whose results are discarded.
 */
export async function speakParts(
  target: EngineCall,
  request: SpeechRequest,
  { signal, connectMs, until }: PartLimits,
  effects: CallEffects,
  onUsed: (usage: TokenUsage) => void,
): Promise<AttemptOutcome<SpokenParts>> {
  const power = speakPowerOf(target.engine);
  const texts = splitSpeech(request.text, request.language, power.abilities(target.engine).maxTextBytes);
  const abort = linkAbort(signal);
  const done = new Map<number, Spoken>();
  let failure: Failure | undefined;
  const dropped = new Set<string>();
  const queue = [...texts.entries()];
  const work = async (): Promise<void> => {
    for (let next = queue.shift(); next !== undefined && failure === undefined; next = queue.shift()) {
      const [index, { text }] = next;
      const encoded = power.encode({ ...request, text }, target.engine);
      for (const name of encoded.dropped) dropped.add(name);
      const limits = { signal: abort.controller.signal, connectMs, timeoutMs: until - effects.clock.now() };
      const outcome = await callEngine(target, encoded.request, limits, effects, (answer) =>
        readWholeMedia(answer, MAX_ANSWER_BYTES, (media) => {
          const spoken = power.decode(media);
          return spoken && heard(spoken, text);
        }),
      );
      if (outcome.ok) {
        done.set(index, outcome.value);
      } else if (failure === undefined) {
        failure = outcome.failure;
        // The other calls end with the same failure.
        abort.controller.abort(new EngineFailure(failure));
      }
    }
  };
  const ended = await Promise.allSettled(Array.from({ length: MAX_AT_ONCE }, work));
  abort.unlink();
  const usages = [...done.values()].map(({ usage }) => usage);
  const thrown = ended.find((one) => one.status === "rejected");
  if (thrown !== undefined || failure !== undefined) for (const usage of usages) onUsed(usage);
  if (thrown !== undefined) throw thrown.reason;
  if (failure !== undefined) return { ok: false, failure };
  return { ok: true, value: { parts: inOrder(texts, done), usages, dropped: [...dropped] } };
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
