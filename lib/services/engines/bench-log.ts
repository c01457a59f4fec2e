import type { BenchStart } from "#lib/providers/health/health-memory.ts";
import type { LogFields, Logger } from "#lib/services/ports.ts";
import type { Clock } from "#lib/shared/clock.ts";

/** What is benched, for the operator. */
const MESSAGES: Record<BenchStart["level"], string> = {
  key: "A provider key is benched.",
  key_and_model: "A provider key is benched for one model.",
  model: "A model is benched.",
  provider: "A provider is benched.",
  origin: "A provider's address is benched.",
};

/**
 * Logs each bench when it begins, also if another engine answers the request: one line with provider, model,
 * fingerprint of the key (the start of its SHA-256), cause, and the time at which the bench ends. `use` is what
 * the engine was called for, if that was not chat; an address is benched for all uses. `alarm` marks faults of the
 * operator's account at the provider.
 */
export function benchLogger(logger: Logger, clock: Pick<Clock, "wallNow">): (bench: BenchStart) => void {
  return (bench) => {
    const isForAll = bench.level === "origin" || bench.scope === "chat";
    logger.warn(MESSAGES[bench.level], {
      ...fieldsOf(bench, clock),
      use: isForAll ? undefined : bench.scope,
    });
  };
}

function fieldsOf({ level, engine, keyIndex, cause, forMs }: BenchStart, clock: Pick<Clock, "wallNow">) {
  const fields: Record<string, LogFields[string]> = { provider: engine.provider.id };
  if (level === "model" || level === "key_and_model") fields["model"] = engine.model;
  const fingerprint = engine.keys[keyIndex]?.fingerprint ?? "";
  if ((level === "key" || level === "key_and_model") && fingerprint !== "") fields["key"] = fingerprint;
  const { kind, problem, status, reason, detail } = cause;
  const until = new Date(clock.wallNow() + forMs).toISOString();
  // What only the owner of the account can mend: for a rule of whatever watches the log.
  const alarm = kind === "account" ? true : undefined;
  return { ...fields, cause: kind, problem, alarm, status, reason, detail, until };
}
