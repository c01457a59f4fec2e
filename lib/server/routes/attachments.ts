import { uploadBodySchema, uploadedBody, uploadFormSchema } from "#lib/apis/native/attachments.ts";
import { MEGABYTE } from "#lib/server/http/body-reader.ts";
import { clientSignal } from "#lib/server/http/client-signal.ts";
import { jsonBody } from "#lib/server/http/declaration.ts";
import { jsonResponse, type PlainResponse } from "#lib/server/http/fast/plain-response.ts";
import type { FormField } from "#lib/server/http/multipart.ts";
import { declareRoute, type GatewayCall } from "#lib/server/routes/gateway-route.ts";
import type { GivenFile } from "#lib/services/documents/read-file.ts";
import { uploadFile } from "#lib/services/documents/upload-file.ts";
import { decodeBase64 } from "#lib/shared/base64.ts";
import { GatewayError } from "#lib/shared/errors.ts";

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
        "read at once. A file that no message has named goes after a day.",
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

/** Whatever its field is called. Other fields are not read. */
function fileOf(fields: readonly FormField[]): GivenFile {
  // Browsers send a field without a choice as a file without a name and bytes.
  const files = fields.filter(isFile);
  const [file] = files;
  if (file === undefined) throw new GatewayError("invalid_request", "The form has no file.");
  if (files.length > 1) {
    throw new GatewayError("invalid_request", "The form has more than one file. Send each by itself.");
  }
  return { name: file.fileName, bytes: file.bytes };
}

function isFile({ fileName, bytes }: FormField): boolean {
  return fileName !== undefined && (fileName !== "" || bytes.length > 0);
}
