import { z } from "zod";
import { parseDataUrl } from "#lib/shared/data-url.ts";
import { isJsonObject, type JsonObject } from "#lib/shared/json.ts";

/**
 * An id of a call, a message or a user. Long, because some gateways pack a model's signature into the ids of
 * calls.
 */
export const idText = z.string().max(16_384);

/** A short text: a name, a level, a tier, a stop sequence. */
export const shortText = z.string().max(4_096);

/** Any JSON object. Its content is passed on unchanged, so it is not validated. */
export const jsonObject = z
  .custom<JsonObject>(isJsonObject, { error: "must be an object" })
  .meta({ type: "object" });

/** An object of any type but the `known` ones, which is passed on unread. */
export function other(known: readonly string[]) {
  return z
    .looseObject({ type: z.string().min(1).max(256) })
    .refine(({ type }) => !known.includes(type), "is not complete")
    .transform((value) => ({ type: "other" as const, value: value as JsonObject }));
}

/**
 * A list that is validated up to the first mistake, the only one that is reported. zod collects all mistakes of
 * all elements, which can take gigabytes for a small body.
 */
export function list<Item extends z.ZodType>(item: Item, maxLength: number, minLength = 0): z.ZodArray<Item> {
  const array = z.array(item).min(minLength).max(maxLength);
  replaceParse(array, (payload, context) => {
    const { value } = payload;
    if (!Array.isArray(value)) {
      payload.issues.push({ expected: "array", code: "invalid_type", input: value, inst: array });
      return payload;
    }
    // The check for the length reports it; the elements are not validated.
    if (value.length > maxLength) return payload;
    const items: unknown[] = [];
    for (const [index, one] of value.entries()) {
      const read = item._zod.run({ value: one, issues: [] }, context);
      if (read instanceof Promise) throw new z.core.$ZodAsyncError();
      if (read.issues.length > 0) {
        payload.issues = z.core.util.prefixIssues(index, read.issues);
        return payload;
      }
      items.push(read.value);
    }
    payload.value = items;
    return payload;
  });
  return array;
}

type Parse = z.core.$ZodType["_zod"]["parse"];

/** A schema without checks runs its parser directly. */
function replaceParse(schema: z.ZodType, parse: Parse): void {
  if (schema._zod.run === schema._zod.parse) schema._zod.run = parse;
  schema._zod.parse = parse;
}

/**
 * A union selected by `type`: each of the `known` shapes declares its types, and all others are the `rest`. A
 * plain union tries every shape for every value and describes each failure. If two shapes have one type, the
 * first that matches is used.
 */
export function byType<const Known extends readonly z.ZodType[], Rest extends z.ZodType>(
  known: Known,
  rest: Rest,
): z.ZodUnion<readonly [...Known, Rest]> {
  const shapes = new Map<unknown, z.ZodType[]>();
  for (const shape of known) {
    for (const type of shape._zod.propValues?.["type"] ?? []) {
      shapes.set(type, [...(shapes.get(type) ?? []), shape]);
    }
  }
  const union = z.union([...known, rest]);
  replaceParse(union, (payload, context) => {
    const { value } = payload;
    const fitting = isJsonObject(value) ? (shapes.get(value["type"]) ?? []) : [];
    const [first = rest, ...others] = fitting;
    for (const shape of others.length > 0 ? fitting : []) {
      const read = shape._zod.run({ value, issues: [] }, context);
      if (read instanceof Promise) throw new z.core.$ZodAsyncError();
      if (read.issues.length === 0) return read;
    }
    return first._zod.run(payload, context);
  });
  return union;
}

/** Longer links are rejected, characters. */
const MAX_LINK = 8_192;

/** Whether the URL is a data URL of an image or https: providers fetch it. */
function isImageUrl(url: string): boolean {
  if (url.startsWith("data:")) return parseDataUrl(url)?.mediaType.startsWith("image/") === true;
  return url.length <= MAX_LINK && /^https:\/\//i.test(url) && URL.canParse(url);
}

export const imageUrl = z
  .string()
  .refine(isImageUrl, "must be an https: URL, or a data: URL of an image in base64");

/** Anthropic's mark for the end of a cacheable prefix, which OpenRouter's clients send too. */
export const cacheControl = z.looseObject({ type: shortText, ttl: shortText.nullish() });
