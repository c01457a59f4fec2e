import type { ImageFile } from "#lib/images/image-file.ts";

/** Whose images are scaled: owners take turns, and without one each request is its own. */
export type ScaleContext = { owner: string | undefined; signal: AbortSignal };

/** Makes images small enough for engines that do not do it themselves. */
export type ImageScaler = {
  /**
   * The image upright, whole, its first frame if it has several, with neither side longer than `maxSide`.
   * Undefined where there is nothing to scale images with. Throws `unprocessable` for an image that cannot be read,
   * `overloaded` if too many wait, and the signal's reason if it aborts.
   */
  scale(image: ImageFile, maxSide: number, context: ScaleContext): Promise<ImageFile | undefined>;
};
