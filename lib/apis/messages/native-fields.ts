import { otherFields } from "#lib/apis/fields.ts";
import type { NativeFields } from "#lib/chat/request.ts";

/** The fields of a block or tool that are not in `read`, for engines of this API; empty without any. */
export function nativeFields(
  block: Readonly<Record<string, unknown>>,
  read: ReadonlySet<string>,
): { native?: NativeFields } {
  // Most blocks have none, and a conversation has thousands.
  let hasOthers = false;
  for (const name in block) if (!read.has(name)) hasOthers = true;
  if (!hasOthers) return {};
  const fields = otherFields(block, read);
  return Object.keys(fields).length === 0 ? {} : { native: { dialect: "anthropic", fields } };
}
