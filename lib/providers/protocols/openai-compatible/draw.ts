import { tokenCount } from "#lib/chat/usage.ts";
import { extensionOf, mediaTypeOf } from "#lib/images/image-file.ts";
import type { ImageRequest } from "#lib/images/image-request.ts";
import type { DrawnBytes, DrawPower } from "#lib/providers/protocols/draw-power.ts";
import type { MultipartPart } from "#lib/providers/protocols/engine-request.ts";
import { givenFields } from "#lib/providers/protocols/given-fields.ts";
import { imageInBase64 } from "#lib/providers/protocols/image-in-base64.ts";
import type { Engine } from "#lib/providers/registry.ts";
import { arrayField, field, stringField } from "#lib/shared/json.ts";

/** Others answer in base64 alone, and refuse to be told so. */
const TAKES_FORMAT = /^dall-e/;
const MAX_INPUTS = 16;

/** `POST …/images/generations` and `/images/edits` of OpenAI's API. */
export const openAiDraw: DrawPower = {
  limits: ({ model }) => ({ maxInputs: model === "dall-e-3" ? 0 : MAX_INPUTS }),

  encode(request, engine) {
    const { size, seed, guidance, inputs, prompt } = request;
    const fields: Record<string, string | number> = { model: engine.model, prompt, n: 1 };
    if (size !== undefined) fields["size"] = `${size.width}x${size.height}`;
    // An address would have to be fetched, which the gateway does not do.
    if (TAKES_FORMAT.test(engine.model)) fields["response_format"] = "b64_json";
    const dropped = givenFields({ seed, guidance });
    const { headers } = engine;
    const path = pathOf(engine);
    if (inputs.length === 0) {
      return { request: { kind: "json", path: `${path}/generations`, headers, body: fields }, dropped };
    }
    return {
      request: { kind: "multipart", path: `${path}/edits`, headers, parts: formOf(fields, inputs) },
      dropped,
    };
  },

  decode(answer) {
    if (answer.kind === "bytes") return { bytes: answer.bytes };
    const image = imageInBase64(stringField(arrayField(answer.body, "data")[0], "b64_json"));
    const usage = field(answer.body, "usage");
    return image && { ...image, ...countsOf(field(usage, "input_tokens"), field(usage, "output_tokens")) };
  },
};

function countsOf(input: unknown, output: unknown): Pick<DrawnBytes, "promptTokens" | "completionTokens"> {
  const promptTokens = tokenCount(input);
  const completionTokens = tokenCount(output);
  if (promptTokens === undefined || completionTokens === undefined) return {};
  return { promptTokens, completionTokens };
}

function pathOf({ provider }: Engine): string {
  const { images } = provider;
  return images !== undefined && "path" in images ? images.path : "/images";
}

function formOf(
  fields: Readonly<Record<string, string | number>>,
  inputs: ImageRequest["inputs"],
): MultipartPart[] {
  const values = Object.entries(fields).map(([name, value]) => ({ name, value: String(value) }));
  const images = inputs.map((input, index) => ({
    name: inputs.length === 1 ? "image" : "image[]",
    fileName: `image-${index + 1}.${extensionOf(input)}`,
    contentType: mediaTypeOf(input),
    bytes: input.bytes,
  }));
  return [...values, ...images];
}
