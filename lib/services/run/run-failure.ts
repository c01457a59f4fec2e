import type { FailureCause } from "#lib/providers/failures/failure.ts";
import type { AttemptReport, SkippedEngine } from "#lib/providers/walk/walk-types.ts";
import type { LogFields, Logger } from "#lib/services/ports.ts";
import { toGatewayError } from "#lib/shared/errors.ts";

/** A log line lists no more engines that were not called. */
const MAX_SKIPPED_LISTED = 30;

/** The client hears that no engine could answer; why each could not is for the operator. */
export function logRunFailure(
  logger: Logger,
  record: { attempts: readonly AttemptReport[]; skipped: readonly SkippedEngine[] },
  thrown: unknown,
  fields: LogFields,
): void {
  const error = toGatewayError(thrown);
  switch (error.code) {
    case "internal_error":
      return logger.error("A chat turn failed.", thrown, fields);
    case "client_closed_request":
    case "content_policy":
    // The route says what to set.
    case "no_engine_configured":
      return;
    default: {
      const listed: Record<string, string> = { code: error.code };
      if (record.attempts.length > 0) listed["attempts"] = record.attempts.map(attemptText).join("; ");
      if (record.skipped.length > 0) listed["skipped"] = skippedText(record.skipped);
      logger.warn("No engine completed the answer.", { ...fields, ...listed });
    }
  }
}

function attemptText({ engine, outcome, status, reason, detail }: AttemptReport): string {
  return joined(engine.id, outcome, status, reason, detail);
}

/** Which engines were not called, why, and until when. */
function skippedText(skipped: readonly SkippedEngine[]): string {
  const listed = skipped.slice(0, MAX_SKIPPED_LISTED).map(({ engine, cause, until }) => {
    if (cause === undefined) return joined(engine.id, "not asked before the deadline");
    const end = until === undefined ? undefined : `until ${new Date(until).toISOString()}`;
    return joined(engine.id, ...causeParts(cause), end);
  });
  const more = skipped.length - listed.length;
  return more === 0 ? listed.join("; ") : `${listed.join("; ")}; and ${more} more`;
}

function causeParts({ kind, status, reason, detail }: FailureCause): (string | number | undefined)[] {
  return [kind, status, reason, detail];
}

function joined(...parts: readonly (string | number | undefined)[]): string {
  return parts.filter((part) => part !== undefined).join(" ");
}
