import type { z } from "zod";
import { invalidInput } from "#lib/server/http/body.ts";
import type { FormField } from "#lib/server/http/multipart.ts";

/** The files of a form with their fields' names, and its other fields as the JSON body would have them. */
export type FormValues<Schema extends z.ZodType> = {
  values: z.output<Schema>;
  files: readonly (FormField & { name: string })[];
};

/** How fields of a form that are no text are written. */
export type FormTypes = { numbers?: readonly string[]; booleans?: readonly string[] };

const NUMBER = /^-?\d{1,15}(?:\.\d{1,15})?$/;
/** Clients write lists like this: `image[]`. */
const LIST = /\[\]$/;

/**
 * Reads a form by the schema of the JSON body, in which a field of text stands for a number or for true and false.
 * Throws `invalid_request` with the fields that are wrong.
 */
export function readFormValues<Schema extends z.ZodType>(
  fields: readonly FormField[],
  schema: Schema,
  types: FormTypes,
): FormValues<Schema> {
  // Browsers send a field without a choice as a file without a name and bytes.
  const isFile = ({ fileName, bytes }: FormField): boolean =>
    fileName !== undefined && (fileName !== "" || bytes.length > 0);
  const texts = fields.filter(({ fileName }) => fileName === undefined);
  const parsed = schema.safeParse(
    Object.fromEntries(texts.map((field) => [field.name, jsonValue(field, types)])),
  );
  if (!parsed.success) throw invalidInput(parsed.error);
  const files = fields.filter(isFile).map((file) => ({ ...file, name: file.name.replace(LIST, "") }));
  return { values: parsed.data, files };
}

function jsonValue({ name, bytes }: FormField, { numbers = [], booleans = [] }: FormTypes): unknown {
  const text = bytes.toString("utf8");
  if (numbers.includes(name) && NUMBER.test(text)) return Number(text);
  if (booleans.includes(name) && /^(?:true|false)$/i.test(text)) return /^true$/i.test(text);
  return text;
}
