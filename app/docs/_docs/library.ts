import { readdir, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { outlineOf } from "#lib/browser/markdown/outline.ts";
import { parseMarkdown } from "#lib/browser/markdown/parse.ts";

/** A page of the docs, as its file has it. */
export type DocPage = {
  /** The file's path below `docs`, without `.md`: `HOW-IT-WORKS`, `decisions/0001-wire-protocols`. */
  name: string;
  /** Where it is on the site. */
  path: string;
  title: string;
  /** What stands below the title, in Markdown. */
  text: string;
  /** Headings of the second level, for the list beside the page. */
  contents: readonly { id: string; text: string }[];
};

const FOLDER = "docs";
const kept = new Map<string, { changedAt: number; page: DocPage }>();

/** All pages by their address below `/docs`. A file is read again when it has changed. */
export async function docPages(): Promise<ReadonlyMap<string, DocPage>> {
  const files = await readdir(join(process.cwd(), FOLDER), { recursive: true });
  const names = files
    .filter((file) => file.endsWith(".md"))
    .map((file) => file.replaceAll("\\", "/").slice(0, -3));
  const pages = await Promise.all(names.sort().map(current));
  return new Map(pages.map((page) => [slugOf(page.name), page]));
}

async function current(name: string): Promise<DocPage> {
  const path = join(process.cwd(), FOLDER, `${name}.md`);
  const { mtimeMs: changedAt } = await stat(path);
  const known = kept.get(name);
  if (known?.changedAt === changedAt) return known.page;
  const page = pageOf(name, await readFile(path, "utf8"));
  kept.set(name, { changedAt, page });
  return page;
}

function pageOf(name: string, source: string): DocPage {
  const [, title = name, text = source] = /^# (.+)\n([\s\S]*)$/.exec(source) ?? [];
  const contents = outlineOf(parseMarkdown(text))
    .filter(({ level }) => level === 2)
    .map(({ id, text: words }) => ({ id, text: words }));
  return { name, path: pathOf(name), title: title.replaceAll("`", ""), text, contents };
}

/** `decisions/README` is the page of its folder. */
function slugOf(name: string): string {
  return name.toLowerCase().replace(/\/readme$/, "");
}

function pathOf(name: string): string {
  return `/docs/${slugOf(name)}`;
}
