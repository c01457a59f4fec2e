import { NO_USAGE, type TokenUsage } from "#lib/chat/usage.ts";
import { type ImageFile, imageFileOf } from "#lib/images/image-file.ts";
import type { ImageRequest } from "#lib/images/image-request.ts";
import { answerTimeMs } from "#lib/providers/call/answer-time.ts";
import { callEngine } from "#lib/providers/call/engine-call.ts";
import { readWholeMedia } from "#lib/providers/call/whole-answer.ts";
import { isPaid, mayBeBilled } from "#lib/providers/cost.ts";
import type { DrawnBytes, DrawPower } from "#lib/providers/protocols/draw-power.ts";
import type { EngineRequest } from "#lib/providers/protocols/engine-request.ts";
import { drawPowerOf } from "#lib/providers/protocols/index.ts";
import type { Attempt, AttemptOutcome, EngineCall, FailedOutcome } from "#lib/providers/walk/walk-types.ts";
import type { EngineDependencies } from "#lib/services/engines/engine-dependencies.ts";

export type DrawDependencies = Pick<EngineDependencies, "run" | "effects">;

/** What is drawn, how often, and until when. */
export type DrawJob = { request: ImageRequest; count: number; signal: AbortSignal };

/** An image as its engine drew it. */
export type DrawnImage = ImageFile & Pick<DrawnBytes, "promptTokens" | "completionTokens">;

/** All images, of which the last call drew `fresh`; `dropped` is what one of their engines could not take. */
export type DrawnImages = { images: readonly DrawnImage[]; fresh: readonly DrawnImage[]; dropped: string[] };

/** The largest answer: an image of 1920 by 1920 without compression, in base64. */
const MAX_ANSWER_BYTES = 24 * 1024 * 1024;
/** Seeds are whole numbers of 32 bits. */
const MAX_SEED = 2 ** 32;

/**
 * Draws images with one engine: all that are still missing, side by side. What an earlier engine drew before it failed
 * is kept, so that nothing is drawn and billed twice.
 */
export function drawAttempt(
  job: DrawJob,
  dependencies: DrawDependencies,
): (target: EngineCall, onUsed: (usage: TokenUsage) => void) => ReturnType<Attempt<DrawnImages>> {
  const images: DrawnImage[] = [];
  const dropped = new Set<string>();
  return async (target, onUsed) => {
    const missing = Array.from({ length: job.count - images.length }, (_, index) => images.length + index);
    const encoded = missing.map((index) => encode(numbered(job.request, index), target));
    const calls = await Promise.allSettled(
      encoded.map(({ request }) => drawOnce(target, request, job.signal, dependencies)),
    );
    const { fresh, failed, rejected } = sorted(calls);
    images.push(...fresh);
    const [failure] = failed;
    if (failure === undefined && rejected.length === 0) {
      for (const name of encoded.flatMap((one) => one.dropped)) dropped.add(name);
      return { ok: true, value: { images, fresh, dropped: [...dropped] } };
    }
    if (fresh.length > 0) onUsed(usageOf(fresh));
    const { isPaid: bills = isPaid } = dependencies.effects;
    const lost = failed.filter((one) => mayBeBilled(one.failure)).length;
    const left = job.signal.aborted ? rejected.length : 0;
    if (bills(target.engine) && lost + left > 0) {
      onUsed({ ...NO_USAGE, images: lost + left, source: "estimated" });
    }
    // Rejections are the client's abort, and bugs.
    if (failure === undefined || rejected.length > 0) throw rejected[0]?.reason;
    return failed.find((one) => one.failure.kind === "content_policy") ?? failure;
  };
}

/** What the last call has used, to be recorded with it. */
export function usageOf(fresh: readonly DrawnImage[]): TokenUsage {
  const usage = { ...NO_USAGE, images: fresh.length };
  for (const { promptTokens = 0, completionTokens = 0 } of fresh) {
    usage.promptTokens += promptTokens;
    usage.completionTokens += completionTokens;
  }
  return usage;
}

type Outcome = AttemptOutcome<DrawnImage>;

function sorted(calls: readonly PromiseSettledResult<Outcome>[]) {
  const fresh: DrawnImage[] = [];
  const failed: FailedOutcome[] = [];
  const rejected: PromiseRejectedResult[] = [];
  for (const call of calls) {
    if (call.status === "rejected") rejected.push(call);
    else if (call.value.ok) fresh.push(call.value.value);
    else failed.push(call.value);
  }
  return { fresh, failed, rejected };
}

/** One call, which draws one image. */
function drawOnce(
  target: EngineCall,
  request: EngineRequest,
  signal: AbortSignal,
  { run, effects }: DrawDependencies,
): Promise<Outcome> {
  const power = drawPowerOf(target.engine);
  return callEngine(
    target,
    request,
    { signal, connectMs: run.timeouts.connectMs, timeoutMs: answerTimeMs(target, run.timeouts) },
    effects,
    (answer) => readWholeMedia(answer, MAX_ANSWER_BYTES, (media) => imageOf(power.decode(media))),
  );
}

/** Undefined for bytes that are no image, whatever the engine calls them. */
function imageOf(drawn: DrawnBytes | undefined): DrawnImage | undefined {
  if (drawn === undefined) return undefined;
  const { bytes, ...counts } = drawn;
  const image = imageFileOf(bytes);
  return image && { ...image, ...counts };
}

function encode(request: ImageRequest, { engine }: EngineCall): ReturnType<DrawPower["encode"]> {
  return drawPowerOf(engine).encode(request, engine);
}

/** With one seed for all of them, the images would be the same. */
function numbered(request: ImageRequest, index: number): ImageRequest {
  return request.seed === undefined ? request : { ...request, seed: (request.seed + index) % MAX_SEED };
}
