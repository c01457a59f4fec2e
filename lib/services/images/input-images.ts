import { type ImageFile, imageFileOf } from "#lib/images/image-file.ts";
import { MAX_INPUT_IMAGES } from "#lib/images/image-request.ts";
import { drawPowerOf } from "#lib/providers/protocols/index.ts";
import type { Engine } from "#lib/providers/registry.ts";
import type { ImageScaler, ScaleContext } from "#lib/services/images/image-scaler.ts";
import { GatewayError } from "#lib/shared/errors.ts";

/** Pixels of an image that somebody sends: a photo of a good camera has fewer. */
const MAX_PIXELS = 50_000_000;
/** A GIF is decoded several times over, whole; one of 50 million pixels may have 34 KB and takes 700 MB. */
const MAX_GIF_PIXELS = 10_000_000;

/**
 * Images that somebody has sent, by their bytes. Throws `unsupported_media_type` for what is no image, and
 * `payload_too_large` for one that would be too large if it were decoded.
 */
export function inputImages(all: readonly Uint8Array[]): ImageFile[] {
  if (all.length > MAX_INPUT_IMAGES) {
    throw new GatewayError("invalid_request", `Send at most ${MAX_INPUT_IMAGES} images.`);
  }
  return all.map((bytes, index) => {
    const image = imageFileOf(bytes);
    const which = all.length === 1 ? "The image" : `Image ${index + 1}`;
    if (image === undefined) {
      throw new GatewayError("unsupported_media_type", `${which} is not a PNG, JPEG, WebP or GIF.`);
    }
    const maxPixels = image.type === "gif" ? MAX_GIF_PIXELS : MAX_PIXELS;
    if (image.width * image.height > maxPixels) {
      throw new GatewayError(
        "payload_too_large",
        `${which} has ${image.width} by ${image.height} pixels; at most ${maxPixels / 1_000_000} million are read.`,
      );
    }
    return image;
  });
}

/**
 * The images as all these engines take them. Throws `not_configured` for one that would have to be scaled where there
 * is nothing to do it with, and as the scaler does.
 */
export async function fitImages(
  images: readonly ImageFile[],
  engines: readonly Engine[],
  scaler: ImageScaler,
  context: ScaleContext,
): Promise<ImageFile[]> {
  const maxSide = Math.min(
    ...engines.map((engine) => drawPowerOf(engine).limits(engine).maxInputSide ?? Number.POSITIVE_INFINITY),
  );
  if (!Number.isFinite(maxSide)) return [...images];
  const fitted: ImageFile[] = [];
  // One after another: each takes the memory of its pixels.
  for (const image of images) fitted.push(await fitImage(image, maxSide, scaler, context));
  return fitted;
}

async function fitImage(
  image: ImageFile,
  maxSide: number,
  scaler: ImageScaler,
  context: ScaleContext,
): Promise<ImageFile> {
  const scaled = await scaler.scale(image, maxSide, context);
  if (scaled !== undefined) return scaled;
  const { width, height } = image;
  if (width <= maxSide && height <= maxSide && image.type !== "gif") return image;
  throw new GatewayError(
    "not_configured",
    `The image has ${width} by ${height} pixels${image.type === "gif" ? " and is a GIF" : ""}. The engine takes PNG, ` +
      `JPEG and WebP up to ${maxSide} by ${maxSide}, and this gateway cannot scale images: the package "sharp" is ` +
      "not installed. Send a smaller one, or ask the operator to install it.",
  );
}
