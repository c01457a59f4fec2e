import { outlineOf } from "#lib/browser/markdown/outline.ts";
import { parseMarkdown } from "#lib/browser/markdown/parse.ts";
import type { DocPage } from "./library.ts";

/** A section of a page that has all words of a search. */
export type SearchResult = { path: string; page: string; heading: string; excerpt: string };

const MAX_RESULTS = 30;
const MAX_WORDS = 8;
const EXCERPT = 220;
/** A word in a title says more than one in a text. */
const WEIGHTS = { title: 12, heading: 6, text: 1 };
const MAX_COUNTED = 5;

type Section = { path: string; page: string; heading: string; text: string };

/** The sections that have all words of the query, the best first. */
export function searchDocs(pages: Iterable<DocPage>, query: string): SearchResult[] {
  const words = query.toLowerCase().split(/\s+/).filter(Boolean).slice(0, MAX_WORDS);
  if (words.length === 0) return [];
  const scored: { score: number; section: Section }[] = [];
  for (const page of pages) {
    for (const section of sectionsOf(page)) {
      const score = scoreOf(section, words);
      if (score > 0) scored.push({ score, section });
    }
  }
  return scored
    .sort((a, b) => b.score - a.score)
    .slice(0, MAX_RESULTS)
    .map(({ section: { text, ...rest } }) => ({ ...rest, excerpt: excerptOf(text, words) }));
}

const known = new WeakMap<DocPage, readonly Section[]>();

function sectionsOf(page: DocPage): readonly Section[] {
  const found = known.get(page);
  if (found !== undefined) return found;
  const ids = outlineOf(parseMarkdown(page.text));
  const parts = page.text.split(/^#{2,6} .*$/m);
  const sections = parts.map((text, index): Section => {
    const heading = index === 0 ? undefined : ids[index - 1];
    const path = heading === undefined ? page.path : `${page.path}#${heading.id}`;
    return { path, page: page.title, heading: heading?.text ?? page.title, text: plain(text) };
  });
  known.set(page, sections);
  return sections;
}

/** Text without the marks of Markdown. */
function plain(text: string): string {
  return text
    .replace(/\]\([^)]*\)/g, "")
    .replace(/[`*|#[\]>]+/g, " ")
    .replace(/\s+/g, " ")
    .trim();
}

/** 0 if a word is missing. */
function scoreOf({ page, heading, text }: Section, words: readonly string[]): number {
  const [inTitle, inHeading, inText] = [page, heading, text].map((part) => part.toLowerCase());
  let score = 0;
  for (const word of words) {
    const own =
      (inTitle?.includes(word) === true ? WEIGHTS.title : 0) +
      (inHeading?.includes(word) === true ? WEIGHTS.heading : 0) +
      WEIGHTS.text * Math.min(MAX_COUNTED, (inText ?? "").split(word).length - 1);
    if (own === 0) return 0;
    score += own;
  }
  return score;
}

function excerptOf(text: string, words: readonly string[]): string {
  const lower = text.toLowerCase();
  const places = words.map((word) => lower.indexOf(word)).filter((place) => place >= 0);
  const from = Math.max(0, Math.min(...(places.length > 0 ? places : [0])) - EXCERPT / 4);
  const excerpt = text.slice(from, from + EXCERPT);
  return `${from > 0 ? "…" : ""}${excerpt}${from + EXCERPT < text.length ? "…" : ""}`;
}
