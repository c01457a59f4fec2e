import type { AttemptReport, SkippedEngine } from "#lib/providers/failover.ts";
import type { FailureCause } from "#lib/providers/failures/failure.ts";
import type { LogFields, Logger } from "#lib/services/ports.ts";
import { toGatewayError } from "#lib/shared/errors.ts";

/** A log line tells of no more engines that were not called. */
const MAX_SKIPPED_TOLD = 30;

/** The client is told that no engine could answer; why each could not is for the operator. */
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
      return;
    default: {
      const told: Record<string, string> = { code: error.code };
      if (record.attempts.length > 0) told["attempts"] = record.attempts.map(attemptText).join("; ");
      if (record.skipped.length > 0) told["skipped"] = skippedText(record.skipped);
      logger.warn("No engine completed the answer.", { ...fields, ...told });
    }
  }
}

function attemptText({ engine, outcome, status, reason, detail }: AttemptReport): string {
  return joined(engine.id, outcome, status, reason, detail);
}

/** Which engines were not called, why, and until when. */
function skippedText(skipped: readonly SkippedEngine[]): string {
  const told = skipped.slice(0, MAX_SKIPPED_TOLD).map(({ engine, cause, until }) => {
    if (cause === undefined) return joined(engine.id, "not asked before the deadline");
    const end = until === undefined ? undefined : `until ${new Date(until).toISOString()}`;
    return joined(engine.id, ...causeParts(cause), end);
  });
  const more = skipped.length - told.length;
  return more === 0 ? told.join("; ") : `${told.join("; ")}; and ${more} more`;
}

function causeParts({ kind, status, reason, detail }: FailureCause): (string | number | undefined)[] {
  return [kind, status, reason, detail];
}

function joined(...parts: readonly (string | number | undefined)[]): string {
  return parts.filter((part) => part !== undefined).join(" ");
}
