import { textOrNull } from "#lib/browser/admin/fields.ts";
import { type KeyView, readKeys } from "#lib/browser/keys.ts";

/** A page of the keys of all users, or of one: an answer of `GET /api/keys` for administrators. */
export function readKeyPage(answer: unknown): { rows: KeyView[]; nextCursor: string | null } {
  return { rows: readKeys(answer), nextCursor: textOrNull(answer, "nextCursor") };
}
