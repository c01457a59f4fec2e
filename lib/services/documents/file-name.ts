import { stripInvisible } from "#lib/prompts/sanitize.ts";

/** Characters of a file's name, its extension included. The database has the same bound. */
const MAX_NAME = 200;
/** Longer extensions are part of the name. */
const MAX_EXTENSION = 10;
/** A name is read as far as this, characters. */
const MAX_GIVEN = 4_000;

/**
 * The name of a file as people see it: without folders, invisible characters and line breaks, and cut in the middle,
 * so that its extension stays.
 *
 * @param fallback for a name of which nothing is left.
 */
export function cleanFileName(given: string | undefined, fallback: string): string {
  const path = stripInvisible((given ?? "").slice(-MAX_GIVEN)).replace(/\s+/g, " ");
  const name = path.slice(Math.max(path.lastIndexOf("/"), path.lastIndexOf("\\")) + 1).trim();
  if (/^\.*$/.test(name)) return fallback;
  if (name.length <= MAX_NAME) return name;
  const dot = name.lastIndexOf(".");
  const extension = dot > 0 && name.length - dot <= MAX_EXTENSION ? name.slice(dot) : "";
  // A cut within a surrogate pair would leave half of it.
  return `${name.slice(0, MAX_NAME - extension.length - 1)}…${extension}`.toWellFormed();
}
