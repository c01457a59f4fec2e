import { z } from "zod";
import { isBase64 } from "#lib/shared/base64.ts";

/** Files of one message. */
export const MAX_FILES = 10;
/** Longer than any name that a system allows; what is longer than people read is cut. */
const MAX_NAME = 4_000;
const MAX_TYPE = 100;

export const base64Schema = z.string().refine(isBase64, "must be base64 or a base64 data URL, and not empty");
export const fileNameSchema = z.string().max(MAX_NAME);
/** What a client says that a file is; the bytes decide. */
export const fileHintSchema = z.string().max(MAX_TYPE);

/** A file of a message: an upload, or the data itself. */
const fileSchema = z
  .object({
    id: z.uuid().nullish(),
    type: fileHintSchema.nullish(),
    name: fileNameSchema.nullish(),
    data: base64Schema.nullish(),
  })
  .refine(({ id, data }) => id != null || data != null, "needs `data`, or the `id` of an upload");

/** A file of a message, parsed. */
export type NativeFile = { id: string } | { name: string | undefined; data: string };

/** The fields of older clients, which hold one file each, and what a file without a name is called. */
const LEGACY_NAMES = {
  pdfBase64: "document.pdf",
  excelBase64: "spreadsheet.xlsx",
  wordBase64: "document.docx",
} as const;
type LegacyField = keyof typeof LEGACY_NAMES;

const legacySchema = z.union([base64Schema, z.literal("")]).nullish();

/** The fields of a message that hold files. */
export const filesShape = {
  files: z.array(fileSchema).max(MAX_FILES).nullish(),
  pdfBase64: legacySchema,
  excelBase64: legacySchema,
  wordBase64: legacySchema,
};

type FilesBody = Partial<Record<LegacyField, string | null | undefined>> & {
  files?: z.output<typeof fileSchema>[] | null | undefined;
};

/** All files of a message, in order. */
export function filesOf(body: FilesBody): NativeFile[] {
  const files = (body.files ?? []).map(
    ({ id, name, data }): NativeFile => (id != null ? { id } : { name: name ?? undefined, data: data ?? "" }),
  );
  for (const [field, name] of Object.entries(LEGACY_NAMES)) {
    const data = body[field as LegacyField];
    if (data != null && data !== "") files.push({ name, data });
  }
  return files;
}
