import { globSync, readFileSync } from "node:fs";

/** A page of prose. */
export type Page = { path: string; text: string };

/** One thing in backquotes, or one line of a fenced block. */
export type CodeSpan = { place: string; text: string };

/** What an agent reads that sets up a fork. */
const SKILL = ".claude/skills/sarmalink-setup/SKILL.md";

/** All pages: what a reader is told today. Decisions and the changelog tell what was true once. */
export function readPages(): { current: Page[]; historical: Page[] } {
  const read = (path: string): Page => ({
    path: path.replaceAll("\\", "/"),
    text: readFileSync(path, "utf8"),
  });
  return {
    current: ["README.md", ".env.example", SKILL, ...globSync("docs/*.md").sort()].map(read),
    historical: ["CHANGELOG.md", ...globSync("docs/decisions/*.md").sort()].map(read),
  };
}

/** What stands in code: spans, and the lines of fenced blocks. */
export function codeOf({ path, text }: Page): CodeSpan[] {
  const found: CodeSpan[] = [];
  let isFenced = false;
  text.split("\n").forEach((line, index) => {
    const place = `${path}:${index + 1}`;
    if (line.trimStart().startsWith("```")) isFenced = !isFenced;
    else if (isFenced) found.push({ place, text: line });
    else for (const [, span = ""] of line.matchAll(/`([^`]+)`/g)) found.push({ place, text: span });
  });
  return found;
}

/** Relative links of a page, with the anchor if there is one. */
export function linksOf({
  path,
  text,
}: Page): { place: string; target: string; anchor: string | undefined }[] {
  return text.split("\n").flatMap((line, index) =>
    [...line.matchAll(/\]\(([^)\s]+)\)/g)].flatMap(([, url = ""]) => {
      if (/^[a-z]+:/.test(url)) return [];
      const [target = "", anchor] = url.split("#");
      return [{ place: `${path}:${index + 1}`, target, anchor }];
    }),
  );
}

/** The anchors of a page's headings, as GitHub makes them. */
export function anchorsOf({ text }: Page): Set<string> {
  const headings = [...text.matchAll(/^#{1,6} (.+)$/gm)].map(([, heading = ""]) => heading);
  return new Set(
    headings.map((heading) =>
      heading
        .toLowerCase()
        .replace(/[^\p{L}\p{N}\s_-]/gu, "")
        .trim()
        .replace(/\s/g, "-"),
    ),
  );
}

/** The rows of the table whose head begins with these cells, as cells. */
export function tableOf({ path, text }: Page, ...head: readonly string[]): string[][] {
  const lines = text.split("\n");
  const start = lines.indexOf(lines.find((line) => line.startsWith(`| ${head.join(" | ")} |`)) ?? "");
  if (start === -1) throw new Error(`${path} has no table with the head ${head.join(", ")}.`);
  const end = lines.findIndex((line, index) => index > start && !line.startsWith("|"));
  // A bar within a cell is written `\\|`.
  return lines.slice(start + 2, end === -1 ? undefined : end).map((line) =>
    line
      .split(/(?<!\\)\|/)
      .slice(1, -1)
      .map((cell) => cell.trim()),
  );
}

const UNITS: Readonly<Record<string, number>> = {
  "": 1,
  ms: 1,
  s: 1_000,
  min: 60_000,
  h: 3_600_000,
  KB: 1_024,
  MB: 1_024 * 1_024,
  characters: 1,
};

/** A number as people write it (`5 min`, `64 KB`, `1,000`): milliseconds, bytes, or itself. */
export function numberOf(text: string): number {
  const [, digits = "", unit = ""] = /^\s*(\d[\d,]*)\s*([A-Za-z]*)\s*$/.exec(text.replaceAll("`", "")) ?? [];
  return Number(digits === "" ? Number.NaN : digits.replaceAll(",", "")) * (UNITS[unit] ?? Number.NaN);
}
