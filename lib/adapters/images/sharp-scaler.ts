import type { Sharp } from "sharp";
import { type ImageFile, imageFileOf } from "#lib/images/image-file.ts";
import type { ImageScaler } from "#lib/services/images/image-scaler.ts";
import type { Logger } from "#lib/services/ports.ts";
import { GatewayError } from "#lib/shared/errors.ts";
import { FairGate } from "#lib/shared/fair-gate.ts";
import { lazyAsync } from "#lib/shared/lazy.ts";

/** Decoding that takes longer is somebody's attack; seconds. */
const TIMEOUT_SECONDS = 10;
const MAX_PIXELS = 50_000_000;
/** Images that wait until one has been scaled. */
const MAX_WAITING = 40;

type OpenImage = (bytes: Uint8Array) => Sharp;

/**
 * Scales with sharp, on the threads of the process, which open files and names of hosts, too: one image at a time, as
 * each may take some hundred megabytes. The package is optional, since it has a binary for each platform: where it
 * cannot be loaded, nothing is scaled.
 *
 * @param load loads the package; tests replace it.
 */
export function createSharpScaler(logger: Pick<Logger, "warn">, load = () => import("sharp")): ImageScaler {
  const open = lazyAsync(async (): Promise<OpenImage | undefined> => {
    try {
      const { default: sharp } = await load();
      // Nobody sends the same image again soon.
      sharp.cache(false);
      return (bytes) =>
        sharp(bytes, { limitInputPixels: MAX_PIXELS, failOn: "error", pages: 1 }).timeout({
          seconds: TIMEOUT_SECONDS,
        });
    } catch (error) {
      const reason = error instanceof Error ? error.message.slice(0, 200) : "unknown";
      logger.warn('Images cannot be scaled: the optional package "sharp" is not there.', { reason });
      return undefined;
    }
  });
  const gate = new FairGate({
    atOnce: 1,
    maxWaiting: MAX_WAITING,
    busy: "Too many images are being scaled at the moment.",
  });
  return {
    async scale(image, maxSide, { owner, signal }) {
      const opened = await open();
      return opened && gate.run(owner, signal, () => scaled(opened(image.bytes), maxSide));
    },
  };
}

async function scaled(image: Sharp, maxSide: number): Promise<ImageFile> {
  try {
    const bytes = await image
      // Cameras store how they were held.
      .autoOrient()
      .resize({ width: maxSide, height: maxSide, fit: "inside", withoutEnlargement: true })
      .toColourspace("srgb")
      .png()
      .toBuffer();
    const file = imageFileOf(bytes);
    if (file !== undefined) return file;
  } catch (error) {
    throw new GatewayError("unprocessable", "The image is damaged, or cannot be read.", { cause: error });
  }
  throw new GatewayError("unprocessable", "The image cannot be read.");
}
