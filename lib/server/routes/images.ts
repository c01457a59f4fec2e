import {
  editBodySchema,
  editFormSchema,
  type GivenImage,
  generateBodySchema,
  type ImageWish,
  imagesAnswerSchema,
  imagesBody,
  readEditBody,
  readGenerateBody,
  WISH_NUMBERS,
} from "#lib/apis/native/images.ts";
import { MEGABYTE } from "#lib/server/http/body-reader.ts";
import { jsonBody } from "#lib/server/http/declaration.ts";
import { jsonResponse, type PlainResponse } from "#lib/server/http/fast/plain-response.ts";
import { readFormFields } from "#lib/server/http/form-fields.ts";
import type { FormField } from "#lib/server/http/multipart.ts";
import { type CallContext, callContext } from "#lib/server/routes/call-context.ts";
import { answerHeaders } from "#lib/server/routes/completion-route.ts";
import { formImages } from "#lib/server/routes/form-images.ts";
import { declareRoute, type GatewayCall } from "#lib/server/routes/gateway-route.ts";
import type { Gateway } from "#lib/server/wiring/gateway.ts";
import { uploadedImages } from "#lib/services/documents/uploaded-images.ts";
import { draw } from "#lib/services/images/draw.ts";
import { GatewayError } from "#lib/shared/errors.ts";

const answers = async () => ({ 200: { description: "The image, or images.", json: imagesAnswerSchema } });

/** `POST /api/v1/images/generate`: draws an image. */
export const imagesGenerate = declareRoute({
  path: "/api/v1/images/generate",
  access: "caller",
  errors: "native",
  methods: {
    POST: {
      summary: "Draw an image",
      description:
        "One image or several from a description. Engines that cannot take a size, a seed or a guidance draw " +
        "without it, and x-sarmalink-dropped names it.",
      answers,
      body: jsonBody({ schema: generateBodySchema, maxBytes: MEGABYTE, read: readGenerateBody }),
      answer,
    },
  },
});

/** `POST /api/v1/images/edit`: changes an image, or combines several. */
export const imagesEdit = declareRoute({
  path: "/api/v1/images/edit",
  access: "caller",
  errors: "native",
  methods: {
    POST: {
      summary: "Change an image",
      description:
        "Draws an image from one to four others: PNG, JPEG, WebP or GIF, as a list of data URLs, base64 or ids of " +
        "uploads, or as the files of a form. They are scaled down before an engine gets them.",
      answers,
      body: jsonBody({
        schema: editBodySchema,
        maxBytes: 25 * MEGABYTE,
        read: readEditBody,
        form: { schema: editFormSchema, read: readForm },
      }),
      answer,
    },
  },
});

function readForm(fields: readonly FormField[]): ImageWish {
  const values = readFormFields(fields, generateBodySchema, { numbers: WISH_NUMBERS });
  const images = formImages(fields);
  if (images.length === 0) throw new GatewayError("invalid_request", "The form has no image.");
  return { ...readGenerateBody(values), images };
}

async function answer(call: GatewayCall<"caller", ImageWish>): Promise<PlainResponse> {
  const { gateway, body } = call;
  const context = callContext(call);
  const images = await bytesOf(body.images, context, gateway);
  const drawn = await draw({ ...body, images, wantsUrls: true }, context, gateway.images);
  return jsonResponse(imagesBody(drawn), {
    headers: { ...answerHeaders(drawn), "x-provider": drawn.engine.provider.id },
  });
}

/** The images in their order, those that were uploaded before loaded together. */
async function bytesOf(
  images: readonly GivenImage[],
  context: CallContext<"caller">,
  { files }: Pick<Gateway, "files">,
): Promise<Uint8Array[]> {
  const ids = images.flatMap((image) => ("id" in image ? [image.id] : []));
  const loaded = ids.length === 0 ? [] : await uploadedImages(ids, context, files);
  return images.flatMap((image) => ("id" in image ? (loaded.shift() ?? []) : [image]));
}
