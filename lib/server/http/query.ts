import type { z } from "zod";
import { invalidInput } from "#lib/server/http/body.ts";
import { GatewayError } from "#lib/shared/errors.ts";
import { truncate } from "#lib/shared/text.ts";

/** How much of an unknown parameter its error names, characters. */
const MAX_QUOTED = 100;

/**
 * The parameters of a request's query that the schema has, validated; others are ignored. Throws
 * `invalid_request`, also for a parameter that is given twice: it would be a guess which one was meant.
 */
export function readQuery<Schema extends z.ZodObject>(
  { url }: Pick<Request, "url">,
  schema: Schema,
): z.output<Schema> {
  return parseQuery(new URL(url).searchParams, schema);
}

/**
 * The same, and a parameter that the schema does not have is refused: a filter whose name is misspelt would show
 * everything.
 */
export function readExactQuery<Schema extends z.ZodObject>(
  { url }: Pick<Request, "url">,
  schema: Schema,
): z.output<Schema> {
  const given = new URL(url).searchParams;
  const known = Object.keys(schema.shape);
  const unknown = [...given.keys()].find((name) => !known.includes(name));
  if (unknown !== undefined) {
    throw new GatewayError(
      "invalid_request",
      `"${truncate(unknown, MAX_QUOTED)}": is not a parameter of this route. It takes ${known.join(", ")}.`,
    );
  }
  return parseQuery(given, schema);
}

function parseQuery<Schema extends z.ZodObject>(given: URLSearchParams, schema: Schema): z.output<Schema> {
  const values = Object.keys(schema.shape).flatMap((name) => {
    const all = given.getAll(name);
    if (all.length > 1) throw new GatewayError("invalid_request", `"${name}": is given more than once.`);
    return all.map((value) => [name, value] as const);
  });
  const parsed = schema.safeParse(Object.fromEntries(values));
  if (parsed.success) return parsed.data;
  throw invalidInput(parsed.error);
}
