import type { ImageFile } from "#lib/images/image-file.ts";

/** Characters of a prompt: what the strictest engine takes (contract section 3). */
export const MAX_IMAGE_PROMPT = 2_000;
/** Images of one request. */
export const MAX_IMAGES = 4;
/** Images that an edit begins with. */
export const MAX_INPUT_IMAGES = 4;
/** Pixels of a side of a new image. */
export const MIN_SIDE = 256;
export const MAX_SIDE = 1_920;

export type ImageSize = { width: number; height: number };

/** One image that is to be drawn. */
export type ImageRequest = {
  prompt: string;
  /** Undefined: the engine's choice, or that of its row. */
  size?: ImageSize | undefined;
  /** The same seed and request make the same image, where the engine can promise that. */
  seed?: number | undefined;
  /** How closely the engine follows the prompt. */
  guidance?: number | undefined;
  /** The images that it changes or combines; none for a new one. */
  inputs: readonly ImageFile[];
};
