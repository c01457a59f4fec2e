import { z } from "zod";
import { otherFields } from "#lib/apis/fields.ts";
import { readSize, sizeSchema } from "#lib/apis/image-size.ts";
import { list, shortText } from "#lib/apis/schemas.ts";
import type { ImageFile } from "#lib/images/image-file.ts";
import { type ImageSize, MAX_IMAGE_PROMPT, MAX_IMAGES, MAX_INPUT_IMAGES } from "#lib/images/image-request.ts";
import { decodeBase64, isBase64 } from "#lib/shared/base64.ts";
import { asBuffer } from "#lib/shared/bytes.ts";
import { GatewayError } from "#lib/shared/errors.ts";

const fields = {
  model: z
    .string()
    .min(1)
    .max(256)
    .nullish()
    .describe("gpt-image-1, dall-e-2 or dall-e-3 for the gateway's own engines, or `provider/model`."),
  prompt: z.string().min(1, "must not be empty").max(MAX_IMAGE_PROMPT),
  n: z.int().min(1).max(MAX_IMAGES).nullish(),
  size: sizeSchema.nullish(),
  response_format: z.enum(["url", "b64_json"]).nullish(),
  stream: z.boolean().nullish(),
  user: shortText.nullish(),
};

/** The body of `POST /api/v1/images/generations`. */
export const generationsSchema = z.looseObject(fields);

const dataUrl = z.string().refine(isBase64, "must be base64 or a base64 data URL");

/** The body of `POST /api/v1/images/edits`, for clients that send no form. */
export const editsSchema = z.looseObject({
  ...fields,
  image: z.union([dataUrl, list(dataUrl, MAX_INPUT_IMAGES, 1)]).nullish(),
  images: list(z.looseObject({ image_url: dataUrl }), MAX_INPUT_IMAGES, 1).nullish(),
  mask: z.unknown().optional(),
});

/** The same as a form. */
export const editsFormSchema = z.object({
  image: z.array(z.string().meta({ format: "binary" })).max(MAX_INPUT_IMAGES),
  prompt: z.string(),
  model: z.string().optional(),
  n: z.int().optional(),
  size: z.string().optional(),
});

export type OpenAiImages = {
  model: string | undefined;
  prompt: string;
  count: number;
  size: ImageSize | undefined;
  images: readonly Uint8Array[];
  format: "url" | "b64_json";
  dropped: string[];
};

const READ = new Set([
  "model",
  "prompt",
  "n",
  "size",
  "response_format",
  "stream",
  "image",
  "images",
  "mask",
]);
/** The older models, whose clients expect addresses. */
const ANSWERS_URL = /^dall-e/;

/** Throws `invalid_request` for what no engine can do. */
export function readGenerations(body: z.output<typeof generationsSchema>): OpenAiImages {
  if (body.stream === true) {
    throw new GatewayError("invalid_request", '"stream": images are not streamed. Leave it out.', {
      details: { param: "stream" },
    });
  }
  const model = body.model ?? undefined;
  return {
    model,
    prompt: body.prompt,
    count: body.n ?? 1,
    size: readSize(body.size),
    images: [],
    format: body.response_format ?? (ANSWERS_URL.test(model ?? "") ? "url" : "b64_json"),
    dropped: Object.keys(otherFields(body, READ)),
  };
}

/** @param files the images of a form, which has them as files. */
export function readEdits(
  body: z.output<typeof editsSchema>,
  files: readonly Uint8Array[] = [],
): OpenAiImages {
  if (body.mask !== undefined && body.mask !== null) {
    throw new GatewayError(
      "invalid_request",
      '"mask": no engine takes masks. Say in the prompt what to change.',
      {
        details: { param: "mask" },
      },
    );
  }
  const sent = body.images?.map(({ image_url }) => image_url) ?? [body.image ?? []].flat();
  const images = [...files, ...sent.map(decodeBase64)];
  if (images.length === 0) {
    throw new GatewayError("invalid_request", '"image": is required.', { details: { param: "image" } });
  }
  return { ...readGenerations(body), images };
}

/** The answer of both. */
export const imagesAnswerSchema = z.object({
  created: z.int(),
  data: z.array(z.object({ b64_json: z.string().optional(), url: z.string().optional() })),
  output_format: z.string(),
  usage: z
    .object({
      input_tokens: z.int(),
      output_tokens: z.int(),
      total_tokens: z.int(),
      input_tokens_details: z.object({ text_tokens: z.int(), image_tokens: z.int() }),
    })
    .optional(),
});

type Drawn = {
  images: readonly (ImageFile & { url: string | undefined })[];
  promptTokens: number;
  completionTokens: number;
};

/**
 * The answer in OpenAI's format. An image without an address is sent in base64, whatever was asked for: clients that
 * save images read both.
 */
export function openAiImagesBody(
  { images, promptTokens, completionTokens }: Drawn,
  { format, createdAt }: { format: OpenAiImages["format"]; createdAt: number },
): z.input<typeof imagesAnswerSchema> {
  const [first] = images;
  const data = images.map(({ bytes, url }) =>
    format === "url" && url !== undefined ? { url } : { b64_json: asBuffer(bytes).toString("base64") },
  );
  const body = { created: createdAt, data, output_format: first?.type ?? "png" };
  if (promptTokens + completionTokens === 0) return body;
  const usage = {
    input_tokens: promptTokens,
    output_tokens: completionTokens,
    total_tokens: promptTokens + completionTokens,
    input_tokens_details: { text_tokens: promptTokens, image_tokens: 0 },
  };
  return { ...body, usage };
}
