import { stripInvisible } from "#lib/prompts/sanitize.ts";
import type { FoundPage } from "#lib/providers/protocols/search-power.ts";
import { truncate } from "#lib/shared/text.ts";
import type { SearchResult } from "#lib/tools/web-search/search.ts";

/** Characters of what is kept. A longer address is no link that anybody could use. */
const MAX_TITLE = 200;
const MAX_CONTENT = 1_200;
const MAX_URL = 2_000;
const MAX_DATE = 40;
/** Markup may be much longer than the text in it: this much of a field is read. */
const MAX_RAW = 20_000;

const ENTITIES: Readonly<Record<string, string>> = {
  "&lt;": "<",
  "&gt;": ">",
  "&quot;": '"',
  "&#39;": "'",
  "&apos;": "'",
  "&nbsp;": " ",
  "&amp;": "&",
};

/**
 * The pages that a model may read and a client may link to: plain text of bounded length, http(s) links without
 * credentials, each page once, pages without any text left out.
 */
export function cleanResults(pages: readonly FoundPage[], maxResults: number): SearchResult[] {
  const results = new Map<string, SearchResult>();
  for (const page of pages) {
    if (results.size >= maxResults) break;
    const url = safeLink(page.url);
    const title = plainText(page.title, MAX_TITLE);
    const content = plainText(page.content, MAX_CONTENT);
    if (url === undefined || results.has(url) || (title === "" && content === "")) continue;
    const publishedAt = plainText(page.publishedAt ?? "", MAX_DATE);
    results.set(url, { title, url, content, ...(publishedAt === "" ? {} : { publishedAt }) });
  }
  return [...results.values()];
}

function safeLink(text: string): string | undefined {
  if (text.length > MAX_URL || !URL.canParse(text)) return undefined;
  const url = new URL(text);
  if (url.protocol !== "https:" && url.protocol !== "http:") return undefined;
  return url.username === "" && url.password === "" ? url.href : undefined;
}

/** On one line, without tags, entities and invisible characters. */
function plainText(raw: string, limit: number): string {
  const text = raw
    .slice(0, MAX_RAW)
    .replace(/<[^<>]*>/g, " ")
    .replace(/&(?:lt|gt|quot|#39|apos|nbsp|amp);/g, (entity) => ENTITIES[entity] ?? entity);
  return truncate(stripInvisible(text).replace(/\s+/g, " ").trim(), limit);
}
