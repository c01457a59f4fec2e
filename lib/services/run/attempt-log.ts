import { hostAndPort } from "#lib/providers/vendors/base-url.ts";
import type { AttemptReport } from "#lib/providers/walk/walk-types.ts";
import type { LogFields, Logger } from "#lib/services/ports.ts";

/**
 * One log line for each call of an engine that gave no answer, or not a whole one, as soon as it is known: also
 * behind the answer of another engine, where nobody else would hear of it.
 */
export class AttemptLog {
  readonly #logger: Pick<Logger, "warn">;
  readonly #fields: LogFields;
  #noted = 0;

  constructor(logger: Pick<Logger, "warn">, fields: LogFields) {
    this.#logger = logger;
    this.#fields = fields;
  }

  /** Logs what has been added to the attempts of a run since the last call. */
  note(attempts: readonly AttemptReport[]): void {
    for (; this.#noted < attempts.length; this.#noted++) {
      const report = attempts[this.#noted];
      if (report !== undefined && hasFailed(report)) this.#log(report, this.#noted + 1);
    }
  }

  /** @param attempt its number within the run, from 1. */
  #log(report: AttemptReport, attempt: number): void {
    const { engine, outcome, status, problem, reason, detail, latencyMs } = report;
    this.#logger.warn("An engine gave no complete answer.", {
      ...this.#fields,
      engine: engine.id,
      attempt,
      outcome,
      problem,
      status,
      reason,
      detail,
      address: addressOf(engine.baseUrl, outcome),
      latencyMs: Math.round(latencyMs),
    });
  }
}

/** Where it was called: the host, and its port if no answer came from there. */
function addressOf(baseUrl: string, outcome: AttemptReport["outcome"]): string {
  const isMute = outcome === "connect" || outcome === "reset" || outcome === "timeout";
  return isMute ? hostAndPort(baseUrl) : new URL(baseUrl).hostname;
}

/** A client that left says nothing about an engine. */
function hasFailed({ outcome }: AttemptReport): boolean {
  return outcome !== "answered" && outcome !== "cancelled";
}
