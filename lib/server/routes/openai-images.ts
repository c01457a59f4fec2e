import {
  editsFormSchema,
  editsSchema,
  generationsSchema,
  imagesAnswerSchema,
  type OpenAiImages,
  openAiImagesBody,
  readEdits,
  readGenerations,
} from "#lib/apis/images/openai-images.ts";
import { MEGABYTE } from "#lib/server/http/body-reader.ts";
import { jsonBody } from "#lib/server/http/declaration.ts";
import { jsonResponse, type PlainResponse } from "#lib/server/http/fast/plain-response.ts";
import { readFormFields } from "#lib/server/http/form-fields.ts";
import type { FormField } from "#lib/server/http/multipart.ts";
import { callContext } from "#lib/server/routes/call-context.ts";
import { answerHeaders } from "#lib/server/routes/completion-route.ts";
import { formImages } from "#lib/server/routes/form-images.ts";
import { declareRoute, type GatewayCall } from "#lib/server/routes/gateway-route.ts";
import { draw } from "#lib/services/images/draw.ts";

const answers = async () => ({ 200: { description: "The images.", json: imagesAnswerSchema } });

/** `POST /api/v1/images/generations`: OpenAI's images API over the engines that draw. */
export const imagesGenerations = declareRoute({
  path: "/api/v1/images/generations",
  access: "proxy",
  errors: "openai",
  methods: {
    POST: {
      summary: "Draw images, compatible with OpenAI",
      answers,
      body: jsonBody({ schema: generationsSchema, maxBytes: MEGABYTE, read: readGenerations }),
      answer,
    },
  },
});

/** `POST /api/v1/images/edits`: the same with images to begin with. */
export const imagesEdits = declareRoute({
  path: "/api/v1/images/edits",
  access: "proxy",
  errors: "openai",
  methods: {
    POST: {
      summary: "Change images, compatible with OpenAI",
      answers,
      body: jsonBody({
        schema: editsSchema,
        maxBytes: 25 * MEGABYTE,
        read: (body) => readEdits(body),
        form: { schema: editsFormSchema, read: readForm },
      }),
      answer,
    },
  },
});

function readForm(fields: readonly FormField[]): OpenAiImages {
  const values = readFormFields(fields, editsSchema, { numbers: ["n"], booleans: ["stream"] });
  return readEdits(values, formImages(fields));
}

async function answer(call: GatewayCall<"proxy", OpenAiImages>): Promise<PlainResponse> {
  const { gateway, body } = call;
  const { format, dropped, ...input } = body;
  const drawn = await draw({ ...input, wantsUrls: format === "url" }, callContext(call), gateway.images);
  const createdAt = Math.floor(gateway.images.effects.clock.wallNow() / 1_000);
  const lacksUrl = format === "url" && drawn.images.some(({ url }) => url === undefined);
  return jsonResponse(openAiImagesBody(drawn, { format, createdAt }), {
    headers: answerHeaders(drawn, lacksUrl ? [...dropped, "response_format"] : dropped),
  });
}
