import type { DocumentSection } from "#lib/documents/document.ts";

/** How much of each section of a file is given to an engine, 0 to 1. */
export type Shares = readonly number[];

/** Parts that are named; more of them are counted. */
const MAX_NAMED = 20;
const PAGE = /^Page (\d+)$/;

/** What of a file is not given to an engine, in sentences; undefined if all of it is. */
export function describeLeftOut(sections: readonly DocumentSection[], shares: Shares): string | undefined {
  if (shares.every((share) => share === 1)) return undefined;
  if (sections.every(({ label }) => label === undefined)) return unnamed(sections, shares);
  const sentences: string[] = [];
  const missing = names(sections.filter((_, index) => shares[index] === 0));
  const partial = names(sections.filter((_, index) => shares[index] !== 0 && shares[index] !== 1));
  if (missing !== undefined) sentences.push(`${missing.text} ${missing.isOne ? "is" : "are"} not included.`);
  if (partial !== undefined) sentences.push(`Of ${partial.text}, only parts are included.`);
  return sentences.join(" ");
}

function unnamed(sections: readonly DocumentSection[], shares: Shares): string {
  let all = 0;
  let included = 0;
  sections.forEach(({ text }, index) => {
    all += text.length;
    included += text.length * (shares[index] ?? 0);
  });
  const percent = Math.min(99, Math.max(1, Math.round((1 - included / Math.max(1, all)) * 100)));
  return `About ${percent} % of the text is not included.`;
}

/** `Pages 3, 5–9 and 12`, or the sections by name. */
function names(sections: readonly DocumentSection[]): { text: string; isOne: boolean } | undefined {
  if (sections.length === 0) return undefined;
  const pages: number[] = [];
  const others: string[] = [];
  for (const { label } of sections) {
    const page = PAGE.exec(label ?? "")?.[1];
    if (page === undefined) others.push(label ?? "a part without a name");
    else pages.push(Number(page));
  }
  const ranges = rangesOf(pages);
  const isOne = sections.length === 1;
  const pageList = ranges.length === 0 ? [] : [`${isOne ? "Page" : "Pages"} ${listed(ranges)}`];
  return { text: listed([...pageList, ...others]), isOne };
}

function rangesOf(pages: readonly number[]): string[] {
  const ranges: { first: number; last: number }[] = [];
  for (const page of pages) {
    const range = ranges.at(-1);
    if (range !== undefined && page === range.last + 1) range.last = page;
    else ranges.push({ first: page, last: page });
  }
  return ranges.map(({ first, last }) => (first === last ? `${first}` : `${first}–${last}`));
}

function listed(items: readonly string[]): string {
  const more = items.length - MAX_NAMED;
  const shown = more > 0 ? [...items.slice(0, MAX_NAMED), `${more} more`] : items;
  return shown.length < 2 ? shown.join("") : `${shown.slice(0, -1).join(", ")} and ${shown.at(-1)}`;
}
