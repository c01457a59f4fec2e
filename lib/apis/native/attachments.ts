import { z } from "zod";
import { base64Schema, fileHintSchema, fileNameSchema } from "#lib/apis/native/files.ts";

/** Characters of a document's text that an upload shows. */
const PREVIEW = 500;

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

/** What of an upload is shown. */
type Uploaded = {
  id?: string | undefined;
  name: string;
  type: string;
  bytes: number;
  pages?: number | undefined;
  document?: { sections: readonly { text: string }[]; notes: readonly string[] } | undefined;
};

/** The answer to an upload. */
export function uploadedBody({ id, name, type, bytes, pages, document }: Uploaded): object {
  const body: Record<string, unknown> = { id, name, type, bytes };
  if (pages !== undefined) body["pages"] = pages;
  const preview = document === undefined ? "" : previewOf(document.sections);
  if (preview !== "") body["preview"] = preview;
  const notes = document?.notes ?? (type === "pdf" ? [NO_TEXT] : []);
  if (notes.length > 0) body["notes"] = notes;
  return body;
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
