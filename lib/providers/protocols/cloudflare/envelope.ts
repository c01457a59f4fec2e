import { field } from "#lib/shared/json.ts";

/** What a model answers: `{ result, success, errors, messages }`. Undefined for an answer of another shape. */
export function resultOf(answer: unknown): unknown {
  return field(answer, "success") === true ? field(answer, "result") : undefined;
}

/** The path of a model's call, after the account's. Names of models have slashes, which separate segments. */
export function runPath(model: string): string {
  return `/ai/run/${model.split("/").map(encodeModelSegment).join("/")}`;
}

/** `@` stands in the names of all models and needs no escape in a path. */
function encodeModelSegment(segment: string): string {
  return encodeURIComponent(segment).replaceAll("%40", "@");
}
