import { z } from "zod";
import { readSize, sideSchema, sizeSchema } from "#lib/apis/image-size.ts";
import { base64Schema } from "#lib/apis/native/files.ts";
import { type ImageFile, mediaTypeOf } from "#lib/images/image-file.ts";
import { type ImageSize, MAX_IMAGE_PROMPT, MAX_IMAGES, MAX_INPUT_IMAGES } from "#lib/images/image-request.ts";
import { stripInvisible } from "#lib/prompts/sanitize.ts";
import { decodeBase64 } from "#lib/shared/base64.ts";
import { asBuffer } from "#lib/shared/bytes.ts";

const MAX_MODEL = 256;
const DEFAULT_SIDE = 1_024;

const wish = {
  prompt: z
    .string()
    .max(MAX_IMAGE_PROMPT)
    .refine((text) => stripInvisible(text).trim() !== "", "must not be empty"),
  width: sideSchema.nullish(),
  height: sideSchema.nullish(),
  size: sizeSchema.nullish().describe("In place of width and height: `1024x1024`, or `auto`."),
  seed: z.int().min(0).max(4_294_967_295).nullish(),
  guidance: z.number().min(0).max(100).nullish().describe("How closely the engine follows the prompt."),
  count: z.int().min(1).max(MAX_IMAGES).nullish(),
  model: z.string().min(1).max(MAX_MODEL).nullish().describe("`provider/model`, in place of the chain."),
};

/** The body of `POST /api/v1/images/generate`. */
export const generateBodySchema = z.object(wish);

const imageSchema = z.union([z.uuid(), base64Schema], {
  error: "must be a data: URL in base64, base64, or the id of an upload; addresses are not fetched",
});

/** The body of `POST /api/v1/images/edit`. */
export const editBodySchema = z
  .object({
    ...wish,
    images: z
      .array(imageSchema)
      .min(1)
      .max(MAX_INPUT_IMAGES)
      .nullish()
      .describe("`data:` URLs, base64, or ids of uploads."),
    image: imageSchema.nullish().describe("In place of a list of one."),
  })
  .refine(({ images, image }) => images != null || image != null, {
    path: ["images"],
    message: "is required",
  });

/** The same as a form; each image is a file. */
export const editFormSchema = z.object({
  prompt: z.string(),
  images: z.array(z.string().meta({ format: "binary" })).max(MAX_INPUT_IMAGES),
});

/** The fields of a form that are numbers. */
export const WISH_NUMBERS = ["width", "height", "seed", "guidance", "count"] as const;

/** An image to begin with: its bytes, or the id of an upload. */
export type GivenImage = Uint8Array | { id: string };

export type ImageWish = {
  prompt: string;
  size: ImageSize | undefined;
  seed: number | undefined;
  guidance: number | undefined;
  count: number;
  model: string | undefined;
  images: readonly GivenImage[];
};

export function readGenerateBody(body: z.output<typeof generateBodySchema>): ImageWish {
  const { prompt, width, height, size, seed, guidance, count, model } = body;
  const sides =
    width == null && height == null
      ? undefined
      : { width: width ?? DEFAULT_SIDE, height: height ?? DEFAULT_SIDE };
  return {
    prompt: stripInvisible(prompt).trim(),
    size: sides ?? readSize(size),
    seed: seed ?? undefined,
    guidance: guidance ?? undefined,
    count: count ?? 1,
    model: model ?? undefined,
    images: [],
  };
}

export function readEditBody(body: z.output<typeof editBodySchema>): ImageWish {
  const given = body.images ?? (body.image == null ? [] : [body.image]);
  return { ...readGenerateBody(body), images: given.map(givenImage) };
}

function givenImage(text: string): GivenImage {
  return z.uuid().safeParse(text).success ? { id: text } : decodeBase64(text);
}

const imageAnswer = z.object({
  base64: z.string(),
  url: z
    .string()
    .nullable()
    .describe("Valid for a week, or for good in a public bucket; null without object storage."),
  mimeType: z.string(),
  width: z.int(),
  height: z.int(),
});

/** The body of the answer: the first image, and all of them where several were asked for. */
export const imagesAnswerSchema = imageAnswer.extend({
  ok: z.literal(true),
  provider: z.string(),
  model: z.string(),
  images: z.array(imageAnswer).optional(),
});

type Drawn = {
  images: readonly (ImageFile & { url: string | undefined })[];
  engine: { model: string; provider: { id: string } };
};

export function imagesBody({ images, engine }: Drawn): object {
  const all = images.map((image) => ({
    base64: asBuffer(image.bytes).toString("base64"),
    url: image.url ?? null,
    mimeType: mediaTypeOf(image),
    width: image.width,
    height: image.height,
  }));
  const named = { provider: engine.provider.id, model: engine.model };
  return { ok: true, ...all[0], ...named, ...(all.length > 1 ? { images: all } : {}) };
}
