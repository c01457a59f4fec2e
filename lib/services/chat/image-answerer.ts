import type { ImageFile } from "#lib/images/image-file.ts";
import type { ImageRequest } from "#lib/images/image-request.ts";
import { newRecord, type RunRecord } from "#lib/providers/chat/run.ts";
import type { Engine } from "#lib/providers/registry.ts";
import { drawnMark } from "#lib/router/image-intent/drawn-marker.ts";
import { askWhatToDraw, imageReply, noImages } from "#lib/router/image-intent/replies.ts";
import type { Answerer, Answering } from "#lib/services/chat/answerer.ts";
import { type ImageRoute, type ImageTask, imageTask } from "#lib/services/chat/image-input.ts";
import { keepDrawn } from "#lib/services/chat/keep-drawn.ts";
import type { PreparedTurn } from "#lib/services/chat/turn.ts";
import { writtenAnswer } from "#lib/services/chat/written-answer.ts";
import type { AttachmentStore } from "#lib/services/documents/attachment-store.ts";
import type { ImagesDependencies } from "#lib/services/images/draw.ts";
import { type DrawnImages, drawAttempt, usageOf } from "#lib/services/images/draw-attempt.ts";
import { canDraw, imageEngines } from "#lib/services/images/image-engines.ts";
import { fitImages, inputImages } from "#lib/services/images/input-images.ts";
import { runWhole } from "#lib/services/run/run-whole.ts";
import { GatewayError } from "#lib/shared/errors.ts";
import { hash32 } from "#lib/shared/text.ts";
import type { NativeEvent } from "#lib/streaming/events.ts";

const TOOL = "image";

export type ImageAnswererOptions = {
  /** Made with the first image. */
  images(): ImagesDependencies;
  attachments: Pick<AttachmentStore, "add" | "find">;
};

/**
 * Answers the turns that are for an image. Where no engine draws, it says so, with the prompt that the conversation
 * comes to, instead of an engine that would claim to draw. Asks what to draw if nobody has said it.
 */
export function imageAnswerer(options: ImageAnswererOptions): Answerer {
  return {
    name: "images",
    answer(turn, signal) {
      const { route } = turn;
      if (route.kind !== "image") return undefined;
      const images = options.images();
      const { prompt, language = "en" } = route;
      const able = canDraw(images);
      if (prompt === undefined) return writtenAnswer(askWhatToDraw(language, able));
      if (!able) return writtenAnswer(noImages(prompt, language));
      return new ImageAnswering(turn, { ...route, prompt }, signal, { ...images, ...options });
    },
  };
}

type Dependencies = ImagesDependencies & Pick<ImageAnswererOptions, "attachments">;

/** An image under way. */
class ImageAnswering implements Answering {
  readonly events: AsyncGenerator<readonly NativeEvent[], void>;
  readonly record: RunRecord = newRecord();
  readonly #turn: PreparedTurn;
  readonly #route: ImageRoute;
  readonly #signal: AbortSignal;
  readonly #dependencies: Dependencies;

  constructor(turn: PreparedTurn, route: ImageRoute, signal: AbortSignal, dependencies: Dependencies) {
    this.#turn = turn;
    this.#route = route;
    this.#signal = signal;
    this.#dependencies = dependencies;
    this.events = this.#answer();
  }

  async *#answer(): AsyncGenerator<readonly NativeEvent[], void> {
    const { clock } = this.#dependencies.effects;
    const from = clock.now();
    yield [{ type: "tool", name: TOOL, status: "running", detail: this.#route.prompt }];
    let drawn: { image: ImageFile; engine: Engine };
    try {
      drawn = await this.#draw();
    } catch (thrown) {
      if (this.record.state === "running") this.record.state = "failed";
      yield [...this.#attempts(), { type: "tool", name: TOOL, status: "failed" }];
      throw thrown;
    }
    const { label, provider, model } = drawn.engine;
    const { prompt, language = "en" } = this.#route;
    const { id, url } = await this.#keep(drawn.image);
    const reply = imageReply(language);
    const text = id === undefined ? reply : `${drawnMark({ id, prompt })}\n\n${reply}`;
    Object.assign(this.record, {
      text,
      committed: true,
      firstContentMs: clock.now() - from,
      state: "completed",
    });
    yield [
      ...this.#attempts(),
      { type: "backend", label, provider: provider.id, model },
      { type: "tool", name: TOOL, status: "done" },
      { type: "image", url, source: provider.id },
      { type: "token", text: reply },
    ];
  }

  async #draw(): Promise<{ image: ImageFile; engine: Engine }> {
    const { run, effects, logger } = this.#dependencies;
    const { requestId } = this.#turn;
    const signal = this.#signal;
    const { engines, request } = await this.#request();
    const { value, engine } = await runWhole<DrawnImages>(
      {
        engines,
        attempt: drawAttempt({ request, count: 1, signal }, this.#dependencies),
        usageOf: ({ fresh }) => usageOf(fresh),
        signal,
        deadlineMs: run.timeouts.deadlineMs,
        keySeed: hash32(requestId),
        onSettled: ({ state, attempts, skipped, usages, engine: drawer, calls }) => {
          Object.assign(this.record, { attempts, skipped, usages, engine: drawer, calls });
          // Nothing has been delivered: the image is still to be kept.
          if (state !== "completed") this.record.state = state;
        },
      },
      effects,
    );
    const [image] = value.images;
    if (image === undefined) {
      logger.error("An engine has drawn nothing.", undefined, { requestId });
      throw new GatewayError("internal_error", "The image was lost.");
    }
    return { image, engine };
  }

  /** With the engines that can take it. An image that none of them can change is drawn anew. */
  async #request(): Promise<{ engines: readonly Engine[]; request: ImageRequest }> {
    const dependencies = this.#dependencies;
    const { prompt, change } = this.#route;
    let task: ImageTask = await imageTask(this.#turn, this.#route, this.#signal, dependencies);
    if (change !== undefined && !canDraw(dependencies, task.inputs.length)) task = { prompt, inputs: [] };
    const { engines } = imageEngines(undefined, task.inputs.length, dependencies);
    const context = { owner: this.#turn.caller.userId, signal: this.#signal };
    const inputs = await fitImages(inputImages(task.inputs), engines, dependencies.scaler, context);
    return { engines, request: { prompt: task.prompt, inputs } };
  }

  #keep(image: ImageFile): ReturnType<typeof keepDrawn> {
    const { caller, begun, requestId } = this.#turn;
    return keepDrawn(
      { image, prompt: this.#route.prompt },
      { caller, sessionId: begun.sessionId, requestId, signal: this.#signal, logFields: { requestId } },
      this.#dependencies,
    );
  }

  /** The calls that came to nothing. */
  #attempts(): NativeEvent[] {
    return this.record.attempts
      .filter(({ outcome }) => outcome !== "answered")
      .map(({ engine, outcome, latencyMs }) => ({
        type: "attempt",
        engine: engine.id,
        outcome,
        latencyMs: Math.round(latencyMs),
      }));
  }
}
