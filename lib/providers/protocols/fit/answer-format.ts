import type { ResponseFormat } from "#lib/chat/request.ts";
import { validSchema } from "#lib/providers/protocols/fit/json-schema.ts";
import { isStrictSchema } from "#lib/providers/protocols/fit/strict-schema.ts";
import type { JsonObject } from "#lib/shared/json.ts";

type JsonSchemaFormat = Extract<ResponseFormat, { type: "json_schema" }>;

/**
 * A JSON schema for the answer, with its name, as OpenAI's APIs accept it. A schema that strict mode refuses is
 * followed as well as the model can.
 */
export function fitAnswerFormat(format: JsonSchemaFormat): { fitted: JsonObject; droppedStrict: boolean } {
  const { name, description } = format;
  const schema = validSchema(format.schema, { complete: true });
  const strict = format.strict === true ? isStrictSchema(schema) : format.strict;
  const fitted: JsonObject = { name: formatName(name), schema };
  if (strict !== undefined) fitted["strict"] = strict;
  if (description !== undefined) fitted["description"] = description;
  return { fitted, droppedStrict: strict !== format.strict };
}

/** OpenAI accepts names of up to 64 letters, digits, `_` and `-`; nobody reads it back. */
function formatName(name: string): string {
  return /^[\w-]{1,64}$/.test(name) ? name : name.slice(0, 64).replace(/[^\w-]/g, "_") || "answer";
}
