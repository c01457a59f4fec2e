import { mediaTypeOf } from "#lib/images/image-file.ts";
import type { ImageRequest } from "#lib/images/image-request.ts";
import { resultOf, runPath } from "#lib/providers/protocols/cloudflare/envelope.ts";
import type { DrawPower } from "#lib/providers/protocols/draw-power.ts";
import type { MultipartPart } from "#lib/providers/protocols/engine-request.ts";
import { givenFields } from "#lib/providers/protocols/given-fields.ts";
import { imageInBase64 } from "#lib/providers/protocols/image-in-base64.ts";
import { stringField } from "#lib/shared/json.ts";

/** FLUX.2 takes a form, even for a prompt alone, and images to begin with. */
const TAKES_FORM = /\/flux-2-/;
/** Its schema is closed: it takes a prompt and steps, and an unknown field is an error. */
const TAKES_PROMPT_ONLY = /\/flux-1-schnell$/;
/** The most that FLUX.2 takes; each side has to be smaller than 512. */
const MAX_INPUTS = 4;
const MAX_INPUT_SIDE = 511;
/** Its own default is 1024 by 768. */
const DEFAULT_SIZE = { width: 1_024, height: 1_024 };

/** Workers AI. */
export const cloudflareDraw: DrawPower = {
  limits: ({ model }) =>
    TAKES_FORM.test(model) ? { maxInputs: MAX_INPUTS, maxInputSide: MAX_INPUT_SIDE } : { maxInputs: 0 },

  encode(request, { model, headers }) {
    const head = { path: runPath(model), headers };
    if (TAKES_FORM.test(model)) {
      return { request: { ...head, kind: "multipart", parts: formOf(request) }, dropped: [] };
    }
    const { prompt, size, seed, guidance } = request;
    if (TAKES_PROMPT_ONLY.test(model)) {
      const dropped = givenFields({ size, seed, guidance });
      return { request: { ...head, kind: "json", body: { prompt } }, dropped };
    }
    const body = {
      prompt,
      ...(size ?? {}),
      ...(seed === undefined ? {} : { seed }),
      ...(guidance === undefined ? {} : { guidance }),
    };
    return { request: { ...head, kind: "json", body }, dropped: [] };
  },

  decode(answer) {
    if (answer.kind === "bytes") return { bytes: answer.bytes };
    return imageInBase64(stringField(resultOf(answer.body), "image"));
  },
};

function formOf({ prompt, size = DEFAULT_SIZE, seed, guidance, inputs }: ImageRequest): MultipartPart[] {
  const fields = { prompt, width: size.width, height: size.height, seed, guidance };
  const values = Object.entries(fields).flatMap(([name, value]) =>
    value === undefined ? [] : [{ name, value: String(value) }],
  );
  const images = inputs.map((input, index) => ({
    name: `input_image_${index}`,
    fileName: `input_image_${index}.${input.type}`,
    contentType: mediaTypeOf(input),
    bytes: input.bytes,
  }));
  return [...values, ...images];
}
