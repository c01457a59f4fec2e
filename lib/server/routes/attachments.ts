import {
  begunUploadBody,
  downloadBody,
  newUploadBodySchema,
  originalQuerySchema,
  uploadBodySchema,
  uploadedBody,
  uploadFormSchema,
} from "#lib/apis/native/attachments.ts";
import { MEGABYTE } from "#lib/server/http/body-reader.ts";
import { clientSignal } from "#lib/server/http/client-signal.ts";
import { jsonBody } from "#lib/server/http/declaration.ts";
import { jsonResponse, PlainResponse } from "#lib/server/http/fast/plain-response.ts";
import { fileResponse } from "#lib/server/http/file-response.ts";
import { onlyFileOf } from "#lib/server/http/form-fields.ts";
import type { FormField } from "#lib/server/http/multipart.ts";
import { readQuery } from "#lib/server/http/query.ts";
import { declareRoute, type GatewayCall } from "#lib/server/routes/gateway-route.ts";
import { pathId } from "#lib/server/routes/path-id.ts";
import { beginUpload, completeUpload } from "#lib/services/documents/direct-upload.ts";
import { findOriginal } from "#lib/services/documents/find-original.ts";
import type { GivenFile } from "#lib/services/documents/read-file.ts";
import { storedImage } from "#lib/services/documents/stored-image.ts";
import { uploadFile } from "#lib/services/documents/upload-file.ts";
import { decodeBase64 } from "#lib/shared/base64.ts";
import { GatewayError } from "#lib/shared/errors.ts";

type NewUpload = { name: string | undefined; bytes: number };

const loadSchemas = () => import("#lib/apis/native/attachments-answer-schema.ts");

/** `POST /api/attachments/upload`: a file that later messages name. */
export const attachmentUpload = declareRoute({
  path: "/api/attachments/upload",
  access: "caller",
  errors: "native",
  methods: {
    POST: {
      summary: "Upload a file",
      description:
        "An image, a PDF, an Excel workbook (.xlsx) or a Word document (.docx), as a form or in base64. Its text is " +
        "read at once, and the file itself kept if there is an object storage. A file that no message has named goes " +
        "after a day.",
      answers: async () => ({
        201: { description: "What was read.", json: (await loadSchemas()).uploadedSchema },
      }),
      body: jsonBody({
        schema: uploadBodySchema,
        maxBytes: 15 * MEGABYTE,
        read: ({ name, data }): GivenFile => ({ name: name ?? undefined, bytes: decodeBase64(data) }),
        form: { schema: uploadFormSchema, read: fileOf },
      }),
      answer: upload,
    },
  },
});

async function upload(call: GatewayCall<"caller", GivenFile>): Promise<PlainResponse> {
  const { gateway, caller, body, request } = call;
  const file = await uploadFile(body, { caller, signal: clientSignal(request) }, gateway.files);
  return jsonResponse(uploadedBody(file), { status: 201 });
}

/** `GET /api/attachments/[id]`: where a file can be downloaded. */
export const attachmentById = declareRoute({
  path: "/api/attachments/[id]",
  access: "caller",
  errors: "native",
  methods: {
    GET: {
      summary: "Download an uploaded file",
      description:
        "An address that gives the file for an hour. Without an object storage there is none (503), and " +
        "`redirect=true` gives images themselves.",
      query: originalQuerySchema,
      answers: async () => ({
        200: { description: "Where the file is.", json: (await loadSchemas()).downloadSchema },
        302: { description: "With `redirect=true`: to the file." },
      }),
      answer: download,
    },
  },
});

async function download(call: GatewayCall<"caller">): Promise<PlainResponse> {
  const { gateway, caller, request } = call;
  const { redirect } = readQuery(request, originalQuerySchema);
  const id = pathId(request);
  if (redirect === "false") return jsonResponse(downloadBody(await findOriginal(caller, id, gateway.files)));
  try {
    const { url } = await findOriginal(caller, id, gateway.files);
    return new PlainResponse(null, { status: 302, headers: { location: url } });
  } catch (error) {
    // Saved conversations show their images without an object storage, too.
    const image = await storedImage(caller, id, clientSignal(request), gateway.files);
    if (image === undefined) throw error;
    // Of the formats that engines take, in none of which a browser runs anything.
    return fileResponse(image, "inline");
  }
}

/** `POST /api/attachments/uploads`: a file that the client sends to the object storage itself. */
export const attachmentUploads = declareRoute({
  path: "/api/attachments/uploads",
  access: "caller",
  errors: "native",
  methods: {
    POST: {
      summary: "Upload a file past the body limit",
      description:
        "For files that are too large for a request, as on Vercel above 4.5 MB. Send the file to `url` within a " +
        "quarter of an hour, with `headers` and exactly `bytes` long, then complete the upload. One that is not " +
        "completed goes after a day. 503 without an object storage.",
      answers: async () => ({
        201: { description: "How to send the file.", json: (await loadSchemas()).begunUploadSchema },
      }),
      body: jsonBody({
        schema: newUploadBodySchema,
        maxBytes: MEGABYTE,
        read: ({ name, bytes }): NewUpload => ({ name: name ?? undefined, bytes }),
      }),
      answer: begin,
    },
  },
});

async function begin({ gateway, caller, body }: GatewayCall<"caller", NewUpload>): Promise<PlainResponse> {
  return jsonResponse(begunUploadBody(await beginUpload(caller, body, gateway.files)), { status: 201 });
}

/** `POST /api/attachments/uploads/[id]/complete`: the file has been sent, and is read. */
export const attachmentCompletion = declareRoute({
  path: "/api/attachments/uploads/[id]/complete",
  access: "caller",
  errors: "native",
  methods: {
    POST: {
      summary: "Complete an upload",
      description: "Reads the file that was sent, and answers as an upload does. 409 while there is no file.",
      answers: async () => ({
        201: { description: "What was read.", json: (await loadSchemas()).uploadedSchema },
      }),
      answer: complete,
    },
  },
});

async function complete({ gateway, caller, request }: GatewayCall<"caller">): Promise<PlainResponse> {
  const room = gateway.bodies.open(caller.userId);
  try {
    const context = { caller, signal: clientSignal(request) };
    const id = pathId(request, { before: "complete" });
    const file = await completeUpload(id, (bytes) => room.take(bytes), context, gateway.files);
    return jsonResponse(uploadedBody(file), { status: 201 });
  } finally {
    room.release();
  }
}

/** Whatever its field is called. Other fields are not read. */
function fileOf(fields: readonly FormField[]): GivenFile {
  const file = onlyFileOf(fields);
  if (file === undefined) throw new GatewayError("invalid_request", "The form has no file.");
  return { name: file.fileName, bytes: file.bytes };
}
