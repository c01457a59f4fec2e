import type { ImageFile } from "#lib/images/image-file.ts";

/** Makes images small enough for engines that do not do it themselves. */
export type ImageScaler = {
  /**
   * The image upright, whole, its first frame if it has several, with neither side longer than `maxSide`.
   * Undefined where there is nothing to scale images with. Throws `unprocessable` for an image that cannot be read.
   */
  scale(image: ImageFile, maxSide: number): Promise<ImageFile | undefined>;
};
