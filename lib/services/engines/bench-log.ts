import { createHash } from "node:crypto";
import type { BenchStart } from "#lib/providers/health/engine-health.ts";
import type { LogFields, Logger } from "#lib/services/ports.ts";
import type { Clock } from "#lib/shared/clock.ts";

/** Hexadecimal digits that tell one key of a pool from another, and tell nothing of the key. */
const FINGERPRINT_DIGITS = 8;

/** What a scope leaves alone, in the operator's words. */
const MESSAGES: Record<BenchStart["scope"], string> = {
  key: "A provider key is benched.",
  key_and_model: "A provider key is benched for one model.",
  model: "A model is benched.",
  origin: "A provider's address is benched.",
};

/**
 * Tells the operator of each bench when it begins, also if another engine answers the request: one line
 * with provider, model, fingerprint of the key, cause, and the time at which it ends.
 *
 * @param use what the engines are asked for, where it is not chat: benches of embeddings are their own.
 */
export function benchLogger(
  logger: Logger,
  clock: Pick<Clock, "wallNow">,
  use?: "embeddings",
): (bench: BenchStart) => void {
  return (bench) => logger.warn(MESSAGES[bench.scope], { ...fieldsOf(bench, clock), use });
}

function fieldsOf({ scope, engine, keyIndex, cause, forMs }: BenchStart, clock: Pick<Clock, "wallNow">) {
  const fields: Record<string, LogFields[string]> = { provider: engine.provider.id };
  if (scope === "model" || scope === "key_and_model") fields["model"] = engine.model;
  const key = engine.keys?.[keyIndex] ?? "";
  if ((scope === "key" || scope === "key_and_model") && key !== "") fields["key"] = fingerprint(key);
  const { kind, problem, status, reason, detail } = cause;
  const until = new Date(clock.wallNow() + forMs).toISOString();
  return { ...fields, cause: kind, problem, status, reason, detail, until };
}

/** The first digits of the key's SHA-256, as `printf %s "$KEY" | sha256sum` shows them. */
function fingerprint(key: string): string {
  return createHash("sha256").update(key).digest("hex").slice(0, FINGERPRINT_DIGITS);
}
