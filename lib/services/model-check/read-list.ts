import type { ModelList } from "#lib/providers/vendors/provider.ts";
import { arrayField, field, isJsonObject, stringField } from "#lib/shared/json.ts";

/** Longer names are no names, characters. */
const MAX_NAME = 200;

/** One page of a list. */
export type ListPage = {
  names: string[];
  /** The path of the next page; undefined at the end. */
  next: string | undefined;
};

/**
 * A page of a list of models: `{data: […]}` as OpenAI's and Anthropic's, `{models: […]}` as Gemini's, Cohere's and
 * Ollama's, `{result: […]}` as Cloudflare's, or the bare array of some hosts. Undefined for a body of another shape.
 */
export function readListPage(body: unknown, path: string, list: ModelList): ListPage | undefined {
  const entries = [body, field(body, "data"), field(body, "models"), field(body, "result")].find(
    Array.isArray,
  );
  if (entries === undefined) return undefined;
  return { names: entries.flatMap(namesOf), next: nextPath(body, path, list) };
}

/** The name of an entry and its other names; none for a model that its host has switched off. */
function namesOf(entry: unknown): string[] {
  if (typeof entry === "string") return [entry].filter(isName);
  if (!isJsonObject(entry) || entry["active"] === false) return [];
  const own = [stringField(entry, "id"), stringField(entry, "name"), stringField(entry, "model")];
  const others = [stringField(entry, "canonical_slug"), ...arrayField(entry, "aliases")];
  return [own.find(isName), ...others].filter(isName).map(withoutCollection);
}

/** It is shown on terminals: without spaces, controls and what is invisible. */
function isName(value: unknown): value is string {
  return (
    typeof value === "string" && value !== "" && value.length <= MAX_NAME && !/[\s\p{Cc}\p{Cf}]/u.test(value)
  );
}

/** Google names a model with its collection, `models/…`. */
function withoutCollection(name: string): string {
  return name.replace(/^models\//, "");
}

function nextPath(body: unknown, path: string, { pages }: ModelList): string | undefined {
  if (pages === undefined || (pages.more !== undefined && field(body, pages.more) !== true)) return undefined;
  const token = stringField(body, pages.field);
  if (token === undefined || token === "") return undefined;
  const [place = "", query = ""] = path.split("?");
  const parameters = new URLSearchParams(query);
  parameters.set(pages.parameter, token);
  return `${place}?${parameters}`;
}
