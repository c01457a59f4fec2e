import { z } from "zod";
import { base64Schema, fileHintSchema, fileNameSchema } from "#lib/apis/native/files.ts";

/** Characters of a document's text that an upload shows. */
const PREVIEW = 500;
/** As of a file that comes in a request. */
const MAX_UPLOAD_BYTES = 15 * 1024 * 1024;

/** The body of `POST /api/attachments/upload`, if it is JSON. */
export const uploadBodySchema = z.object({
  name: fileNameSchema.nullish(),
  type: fileHintSchema.nullish(),
  data: base64Schema,
});

/** The same as a form. */
export const uploadFormSchema = z.object({
  file: z.string().meta({ format: "binary", description: "The file; the only one of the form." }),
});

/** The body of `POST /api/attachments/uploads`: a file that the client will send to the storage itself. */
export const newUploadBodySchema = z.object({
  name: fileNameSchema.nullish(),
  bytes: z.int().min(1).max(MAX_UPLOAD_BYTES).meta({ description: "The size of the file, exactly." }),
});

/** The query of `GET /api/attachments/[id]`. */
export const originalQuerySchema = z.object({
  redirect: z
    .enum(["true", "false"])
    .default("false")
    .meta({ description: "`true`: 302 to the file, for links in a page." }),
});

/** What of an upload is shown. */
type Uploaded = {
  id?: string | undefined;
  name: string;
  type: string;
  bytes: number;
  pages?: number | undefined;
  document?: { sections: readonly { text: string }[]; notes: readonly string[] } | undefined;
  hasOriginal: boolean;
};

/** The answer to an upload. */
export function uploadedBody({ id, name, type, bytes, pages, document, hasOriginal }: Uploaded): object {
  const body: Record<string, unknown> = { id, name, type, bytes };
  if (pages !== undefined) body["pages"] = pages;
  const preview = document === undefined ? "" : previewOf(document.sections);
  if (preview !== "") body["preview"] = preview;
  const notes = document?.notes ?? (type === "pdf" ? [NO_TEXT] : []);
  if (notes.length > 0) body["notes"] = notes;
  if (hasOriginal) body["original"] = true;
  return body;
}

/** An upload that has begun: how the client sends the file. */
type BegunUpload = {
  id: string;
  url: string;
  headers: Readonly<Record<string, string>>;
  expiresAt: number;
};

export function begunUploadBody({ id, url, headers, expiresAt }: BegunUpload): object {
  return { id, url, method: "PUT", headers, expiresAt: new Date(expiresAt).toISOString() };
}

/** Where the bytes of a file can be had. */
type Download = {
  id: string;
  name: string;
  mediaType: string;
  bytes: number;
  url: string;
  expiresAt: number;
};

export function downloadBody({ id, name, mediaType, bytes, url, expiresAt }: Download): object {
  return { id, name, mediaType, bytes, url, expiresAt: new Date(expiresAt).toISOString() };
}

const NO_TEXT = "The PDF has no text, only pictures: it needs an engine that reads PDFs itself.";

function previewOf(sections: readonly { text: string }[]): string {
  let text = "";
  for (const section of sections) {
    if (text.length > PREVIEW) break;
    text += `${text === "" ? "" : "\n"}${section.text.slice(0, PREVIEW + 1)}`;
  }
  return text.length > PREVIEW ? `${text.slice(0, PREVIEW).toWellFormed()}…` : text;
}
