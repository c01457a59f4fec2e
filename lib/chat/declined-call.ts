import { truncate } from "#lib/shared/text.ts";

const MAX_REASON = 500;

/** What a model is told of a call that the client did not allow. */
export function declinedCall(reason: string | undefined): string {
  const why = reason === undefined ? "" : ` The reason: ${truncate(reason, MAX_REASON)}`;
  return `The user did not allow this call.${why}`;
}
