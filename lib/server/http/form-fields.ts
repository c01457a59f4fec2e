import type { z } from "zod";
import { invalidInput } from "#lib/server/http/body.ts";
import type { FormField } from "#lib/server/http/multipart.ts";
import { GatewayError } from "#lib/shared/errors.ts";

/** A file of a form. */
export type FormFile = FormField & { fileName: string };

/** Fields that are no text in the schema; a form has text alone. */
export type FormTypes = { numbers?: readonly string[]; booleans?: readonly string[] };

const NUMBER = /^-?\d{1,15}(?:\.\d{1,15})?$/;
const BOOLEAN = /^(?:true|false)$/i;
/** The end of the name of a list, as OpenAI's clients write it. */
const LIST = /\[\]$/;

/**
 * The texts of a form, validated; files are left to `filesOf`. Only a list (`name[]`) may be given more than once, of
 * the fields that the schema has. Throws `invalid_request` with the fields that are wrong.
 */
export function readFormFields<Schema extends z.ZodObject>(
  fields: readonly FormField[],
  schema: Schema,
  types: FormTypes = {},
): z.output<Schema> {
  const texts = Map.groupBy(
    fields.filter(({ fileName }) => fileName === undefined),
    ({ name }) => name,
  );
  const values = [...texts].map(([name, given]) => {
    const [value, ...others] = given.map(({ bytes }) => typed(name, bytes.toString("utf8"), types));
    if (LIST.test(name)) return [name, [value, ...others]] as const;
    if (others.length > 0 && Object.hasOwn(schema.shape, name)) {
      throw wrong(`"${name}": is given more than once.`, name);
    }
    return [name, value] as const;
  });
  const parsed = schema.safeParse(Object.fromEntries(values));
  if (parsed.success) return parsed.data;
  throw invalidInput(parsed.error);
}

function typed(name: string, text: string, { numbers = [], booleans = [] }: FormTypes): unknown {
  if (numbers.includes(name) && NUMBER.test(text)) return Number(text);
  if (booleans.includes(name) && BOOLEAN.test(text)) return text.toLowerCase() === "true";
  return text;
}

/** The files of a form, by the names of their fields without the mark of a list. */
export function filesOf(fields: readonly FormField[]): FormFile[] {
  return fields.flatMap(({ name, fileName, bytes }) => {
    // Browsers send a field without a choice as a file without a name and bytes.
    const isFile = fileName !== undefined && (fileName !== "" || bytes.length > 0);
    return isFile ? [{ name: name.replace(LIST, ""), fileName, bytes }] : [];
  });
}

/** The file of a form that may have one. Throws `invalid_request` for more. */
export function onlyFileOf(fields: readonly FormField[]): FormFile | undefined {
  const [file, ...others] = filesOf(fields);
  if (others.length === 0) return file;
  throw wrong("The form has more than one file. Send each by itself.", others[0]?.name);
}

/**
 * The one file of a form, in the field of this name. Throws `invalid_request` for another number of files, and for a
 * file that was written as text.
 */
export function readFormFile(fields: readonly FormField[], name: string): Buffer {
  const file = onlyFileOf(fields);
  if (file?.name === name) return file.bytes;
  const isText = fields.some((one) => one.name === name && one.fileName === undefined);
  throw isText
    ? wrong(`"${name}": is a text. Send the file itself, with its name, not as base64 or a path.`, name)
    : wrong(`"${name}": is required. The form has no file in this field.`, name);
}

function wrong(message: string, param: string | undefined): GatewayError {
  return new GatewayError("invalid_request", message, param === undefined ? {} : { details: { param } });
}
