import { hash32 } from "#lib/shared/text.ts";

/** So much of the beginning and the end of a long id tells it from others, characters. */
const TELLING_PART = 1_000;

function shortId(id: string): string {
  const beginning = hash32(`${id.length} ${id.slice(0, TELLING_PART)}`);
  return `call_${beginning.toString(36)}${hash32(id.slice(-TELLING_PART)).toString(36)}`;
}

/** Longer foreign ids are not spelt out: replacing what is wrong in them takes longer than all else. */
const MAX_SPELT_ID = 256;

/** Anthropic takes letters, digits, `_` and `-`; ids of other providers may hold more. */
export function toolId(id: string): string {
  if (id.length > MAX_SPELT_ID) return shortId(id);
  return /^[\w-]+$/.test(id) ? id : id.replace(/[^\w-]/g, "_") || "_";
}
