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

/**
 * What to say of a value that fits none of several shapes: what was expected, and what is wrong with it as
 * the shape that it comes closest to.
 */
export function noneOf(expected: string): z.core.$ZodErrorMap<z.core.$ZodIssueInvalidUnion> {
  return ({ errors = [] }) => {
    const isOfType = (issues: readonly z.core.$ZodIssue[]): boolean =>
      !issues.some(({ path }) => path.length === 1 && path[0] === "type");
    const meant = errors.filter(isOfType).flatMap(([first]) => first ?? []);
    const [closest] = meant.sort((a, b) => b.path.length - a.path.length);
    if (closest === undefined || closest.path.length === 0) return `must be ${expected}`;
    return `must be ${expected}; ${closest.path.join(".")}: ${closest.message}`;
  };
}
