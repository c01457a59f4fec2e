import { filesOf } from "#lib/server/http/form-fields.ts";
import type { FormField } from "#lib/server/http/multipart.ts";
import { GatewayError } from "#lib/shared/errors.ts";

/** Throws `invalid_request` for a file in a field of another name: what it is for is not known. */
export function formImages(fields: readonly FormField[]): Uint8Array[] {
  return filesOf(fields).map(({ name, bytes }) => {
    if (name === "image" || name === "images") return bytes;
    throw new GatewayError("invalid_request", problemOf(name), { details: { param: name } });
  });
}

function problemOf(name: string): string {
  return name === "mask"
    ? '"mask": no engine takes masks. Say in the prompt what to change.'
    : `"${name}": send images as "image", "image[]" or "images".`;
}
