import { hash32 } from "#lib/shared/text.ts";

/** How much of the beginning and the end of a long id is hashed, characters. */
const HASHED_PART = 1_000;

function shortId(id: string): string {
  const beginning = hash32(`${id.length} ${id.slice(0, HASHED_PART)}`);
  return `call_${beginning.toString(36)}${hash32(id.slice(-HASHED_PART)).toString(36)}`;
}

/** Longer ids are hashed: replacing characters in them would take too long. */
const MAX_KEPT_ID = 256;

/** An id that Anthropic accepts: letters, digits, `_` and `-`. Other providers allow more characters. */
export function toolId(id: string): string {
  if (id.length > MAX_KEPT_ID) return shortId(id);
  return /^[\w-]+$/.test(id) ? id : id.replace(/[^\w-]/g, "_") || "_";
}
