import type { z } from "zod";
import { invalidInput } from "#lib/server/http/body.ts";
import { GatewayError } from "#lib/shared/errors.ts";

/**
 * The parameters of a request's query that the schema has, validated; others are ignored. Throws
 * `invalid_request`, also for a parameter that is given twice: it would be a guess which one was meant.
 */
export function readQuery<Schema extends z.ZodObject>(
  { url }: Pick<Request, "url">,
  schema: Schema,
): z.output<Schema> {
  const given = new URL(url).searchParams;
  const values = Object.keys(schema.shape).flatMap((name) => {
    const all = given.getAll(name);
    if (all.length > 1) throw new GatewayError("invalid_request", `"${name}": is given more than once.`);
    return all.map((value) => [name, value] as const);
  });
  const parsed = schema.safeParse(Object.fromEntries(values));
  if (parsed.success) return parsed.data;
  throw invalidInput(parsed.error);
}
