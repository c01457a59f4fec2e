import type { z } from "zod";
import { invalidInput } from "#lib/server/http/body.ts";
import type { FormField } from "#lib/server/http/multipart.ts";
import { GatewayError } from "#lib/shared/errors.ts";

/**
 * The fields of a form that the schema has, validated; others are ignored. A field whose name ends with `[]` is a
 * list, as OpenAI's clients write lists; any other may come once. Throws `invalid_request`.
 */
export function readFormFields<Schema extends z.ZodObject>(
  fields: readonly FormField[],
  schema: Schema,
): z.output<Schema> {
  const values: Record<string, string | string[]> = {};
  for (const name of Object.keys(schema.shape)) {
    const given = fields.filter((one) => one.name === name && one.fileName === undefined);
    const texts = given.map(({ bytes }) => bytes.toString("utf8"));
    const [text, ...others] = texts;
    if (text === undefined) continue;
    const isList = name.endsWith("[]");
    if (others.length > 0 && !isList) throw wrong(`"${name}": is given more than once.`, name);
    values[name] = isList ? texts : text;
  }
  const parsed = schema.safeParse(values);
  if (parsed.success) return parsed.data;
  throw invalidInput(parsed.error);
}

/**
 * The one file of a form that is in the field of this name. Throws `invalid_request` if there is none, or more than
 * one, and for a file that was written as text.
 */
export function readFormFile(fields: readonly FormField[], name: string): Buffer {
  // Browsers send a field without a choice as a file without a name and bytes.
  const files = fields.filter(
    ({ fileName, bytes }) => fileName !== undefined && (fileName !== "" || bytes.length > 0),
  );
  const [file, ...others] = files;
  if (others.length > 0) throw wrong("The form has more than one file. Send each by itself.", name);
  if (file?.name === name) return file.bytes;
  const isText = fields.some((one) => one.name === name && one.fileName === undefined);
  throw isText
    ? wrong(`"${name}": is a text. Send the file itself, with its name, not as base64 or a path.`, name)
    : wrong(`"${name}": is required. The form has no file in this field.`, name);
}

function wrong(message: string, param: string): GatewayError {
  return new GatewayError("invalid_request", message, { details: { param } });
}
