import type { Excess } from "#lib/adapters/workers/task-kind.ts";
import { GatewayError } from "#lib/shared/errors.ts";

/**
 * The error of a file that was to be written when its thread had to end.
 *
 * @param failed the sentence that says so.
 * @param advice what to do instead, for a file that is too much.
 */
export function writingExceeded(failed: string, advice: string): (excess: Excess) => GatewayError {
  const texts: Readonly<Record<Exclude<Excess, "interrupted">, string>> = {
    time: `${failed} It takes too long: ${advice}.`,
    memory: `${failed} It takes too much memory: ${advice}.`,
  };
  return (excess) =>
    excess === "interrupted"
      ? new GatewayError("internal_error", `${failed} Try again.`)
      : new GatewayError("payload_too_large", texts[excess]);
}
