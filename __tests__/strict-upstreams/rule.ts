import { isJsonObject } from "#lib/shared/json.ts";
import type { SeenRequest } from "../support/fake-upstream.ts";

/** A JSON object as a client sends it. */
export type Body = Record<string, unknown>;

/** The APIs that the strict upstreams speak. */
export type Api =
  | "chat/completions"
  | "responses"
  | "messages"
  | "count_tokens"
  | "generateContent"
  | "countTokens"
  | "own";

/** One request, as a rule sees it. */
export type Request = {
  api: Api;
  model: string;
  body: Body;
  headers: Readonly<Record<string, string>>;
};

/** What a real API refuses, as one row. */
export type Rule = {
  api: readonly Api[];
  /** What the request does, in plain words. */
  when: string;
  status: number;
  /** The body of the refusal, in the API's own words; undefined if the request keeps the rule. */
  body: (request: Request) => unknown;
};

export type Refusal = { when: string; status: number; body: unknown };

/** The refusal of the first rule that the request breaks. */
export function refusalOf(rules: readonly Rule[], request: Request): Refusal | undefined {
  for (const { api, when, status, body } of rules) {
    if (!api.includes(request.api)) continue;
    const refused = body(request);
    if (refused !== undefined) return { when, status, body: refused };
  }
  return undefined;
}

/** A request that an upstream refused, for the report of a test or of a run by hand. */
export type Refused = Refusal & { request: SeenRequest };

/** The request's body; an empty object if it is none, which every API refuses for its missing fields. */
export function bodyOf(request: SeenRequest): Body {
  return isJsonObject(request.json) ? request.json : {};
}

/** The objects of a list; anything else is left out. */
export function objectsOf(value: unknown): Body[] {
  return Array.isArray(value) ? value.filter(isJsonObject) : [];
}

export function stringOf(value: unknown): string {
  return typeof value === "string" ? value : "";
}

/** The first result that is not undefined. */
export function firstOf<Item>(items: Iterable<Item>, find: (item: Item, index: number) => unknown): unknown {
  let index = 0;
  for (const item of items) {
    const found = find(item, index++);
    if (found !== undefined) return found;
  }
  return undefined;
}
