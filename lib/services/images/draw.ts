import type { ImageFile } from "#lib/images/image-file.ts";
import type { ImageRequest } from "#lib/images/image-request.ts";
import type { Engine } from "#lib/providers/registry.ts";
import { imageCost } from "#lib/services/admission/cost-estimate.ts";
import { assertModesAllowed } from "#lib/services/admission/key-admission.ts";
import type { EngineCatalogue } from "#lib/services/engines/offered-engines.ts";
import { NAMED_MODE } from "#lib/services/identity/caller.ts";
import {
  type DrawnImage,
  type DrawnImages,
  drawAttempt,
  usageOf,
} from "#lib/services/images/draw-attempt.ts";
import { imageEngines } from "#lib/services/images/image-engines.ts";
import type { ImageScaler } from "#lib/services/images/image-scaler.ts";
import { fitImages, inputImages } from "#lib/services/images/input-images.ts";
import { type KeepImageDependencies, keepImage } from "#lib/services/images/keep-image.ts";
import { type BilledContext, type BilledDependencies, runBilled } from "#lib/services/run/billed-run.ts";

export type ImagesDependencies = BilledDependencies &
  EngineCatalogue &
  KeepImageDependencies & { scaler: ImageScaler };

export type DrawInput = Omit<ImageRequest, "inputs"> & {
  /** A name of OpenAI's, or `provider/model`; undefined for the gateway's own choice. */
  model?: string | undefined;
  count: number;
  /** The images that it begins with, as they were sent. */
  images: readonly Uint8Array[];
  /** The images are to have addresses. */
  wantsUrls: boolean;
};

export type Drawn = {
  images: readonly (ImageFile & { url: string | undefined })[];
  /** The engine of the last call. */
  engine: Engine;
  attempts: number;
  dropped: readonly string[];
  promptTokens: number;
  completionTokens: number;
};

/** The ledger's name for what was done. */
const TIER = "images";

/**
 * Draws images, or changes some that are given, and stores them where there is a storage. Billed to the caller as a
 * turn.
 *
 * Throws `no_engine_configured`, `model_not_found`, `engines_refused`, `content_policy`, for given images
 * `unsupported_media_type`, `payload_too_large`, `unprocessable` and `not_configured`, for the caller's key `forbidden`,
 * `rate_limited` and `budget_exceeded`, and the errors of `walk`.
 */
export async function draw(
  { model, count, images: given, wantsUrls, ...wish }: DrawInput,
  context: BilledContext,
  dependencies: ImagesDependencies,
): Promise<Drawn> {
  assertModesAllowed(context.caller, NAMED_MODE);
  const { engines, named } = imageEngines(model, given.length, dependencies);
  const { caller, signal } = context;
  const sent = inputImages(given);
  const job = { request: { ...wish, inputs: sent }, count, signal };
  const { value, engine, record } = await runBilled<DrawnImages>(
    {
      engines,
      named,
      tier: TIER,
      maxCostUsd: imageCost(engines, { prompt: wish.prompt, count }, dependencies),
      prepare: async () => {
        const owner = caller.kind === "open" ? undefined : caller.userId;
        job.request.inputs = await fitImages(sent, engines, dependencies.scaler, { owner, signal });
      },
      attempt: drawAttempt(job, dependencies),
      usageOf: ({ fresh }) => usageOf(fresh),
    },
    context,
    dependencies,
  );
  const { promptTokens, completionTokens } = usageOf(value.images);
  const images = await Promise.all(
    value.images.map(async (image) => ({
      ...image,
      url: wantsUrls ? await addressOf(image, context, dependencies) : undefined,
    })),
  );
  return { images, engine, attempts: record.calls, dropped: value.dropped, promptTokens, completionTokens };
}

/** An anonymous caller has nothing that could be kept, and deleted with its user. */
async function addressOf(
  image: DrawnImage,
  { caller, requestId, signal }: BilledContext,
  dependencies: ImagesDependencies,
): Promise<string | undefined> {
  if (caller.kind === "open") return undefined;
  return keepImage(image, { userId: caller.userId }, { signal, logFields: { requestId } }, dependencies);
}
