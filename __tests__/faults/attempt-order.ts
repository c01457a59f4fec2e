import { expect } from "vitest";
import type { Ledger } from "#lib/services/ledger/ledger.ts";
import type { AttemptRecord } from "#lib/services/ledger/turn-store.ts";

/** One row of ai_events. */
export type StoredAttempt = {
  provider: string;
  model: string;
  status: string;
  /** It had begun to answer: its tokens are counted. */
  committed: boolean;
};

/** The order in which a turn's attempts were made, as they were handed over: their rows have none. */
export class AttemptOrder {
  readonly #handed = new Map<string, readonly AttemptRecord[]>();

  note({ requestId, attempts }: { requestId: string; attempts: readonly AttemptRecord[] }): void {
    this.#handed.set(requestId, attempts);
  }

  /** The rows in that order; fails unless they are exactly what was handed over. */
  sort(requestId: string, rows: readonly Record<string, unknown>[]): StoredAttempt[] {
    const left = rows.map(toAttempt);
    const handed = this.#handed.get(requestId) ?? [];
    const sorted = handed.map(({ backend, modelId, status, tokensOut }) => {
      const wanted = { provider: backend, model: modelId, status, committed: tokensOut !== null };
      const at = left.findIndex((one) => JSON.stringify(one) === JSON.stringify(wanted));
      expect(at, `the attempt ${JSON.stringify(wanted)} is in the database`).not.toBe(-1);
      left.splice(at, 1);
      return wanted;
    });
    expect(left, "attempts in the database that nobody made").toEqual([]);
    return sorted;
  }
}

/** A ledger that tells of the attempts of each turn that ends. */
export function watchedLedger(base: Ledger, order: AttemptOrder): Ledger {
  return {
    begin(start) {
      const turn = base.begin(start);
      return {
        requestId: turn.requestId,
        startedAt: turn.startedAt,
        noteToolCall: (call) => turn.noteToolCall(call),
        end(end) {
          order.note({ requestId: turn.requestId, attempts: end.attempts });
          return turn.end(end);
        },
        forget: () => turn.forget(),
        abandon: () => turn.abandon(),
      };
    },
    gauges: () => base.gauges(),
    close: () => base.close(),
  };
}

function toAttempt(row: Record<string, unknown>): StoredAttempt {
  return {
    provider: String(row["backend"]),
    model: String(row["model_id"]),
    status: String(row["status"]),
    committed: row["tokens_out"] !== null,
  };
}

/** The status of a row as the runner words it. */
export function outcomeOf({ status }: StoredAttempt): string {
  return status === "ok" ? "answered" : status;
}
