import { z } from "zod";
import { isJsonObject, type JsonObject } from "#lib/shared/json.ts";

/** Any JSON object: what is inside was parsed from JSON and is passed on as it is, so nothing walks it. */
export const jsonObject = z
  .custom<JsonObject>(isJsonObject, { error: "must be an object" })
  .meta({ type: "object" });

/** An object of a type that we pass on unread, told apart from the `known` ones. */
export function other(known: readonly string[]) {
  return z
    .looseObject({ type: z.string().min(1) })
    .refine(({ type }) => !known.includes(type), "is not complete")
    .transform((value) => ({ type: "other" as const, value: value as JsonObject }));
}

/** Anthropic's mark on what ends a cacheable prefix, which OpenRouter's clients send too. */
export const cacheControl = z.looseObject({
  type: z.literal("ephemeral"),
  ttl: z.enum(["5m", "1h"]).nullish(),
});
