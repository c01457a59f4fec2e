import type { SettleTurn, TurnStore } from "#lib/services/ledger/turn-store.ts";
import type { LogFields, Logger } from "#lib/services/ports.ts";
import { type Clock, sleep } from "#lib/shared/clock.ts";
import { type ErrorCode, GatewayError } from "#lib/shared/errors.ts";

/** Pauses between further tries, milliseconds: a database may be unavailable for a minute. */
const RETRY_MS = [500, 2_000, 8_000, 30_000, 30_000] as const;

/**
 * Worth another try: the database is unavailable, lacks a function (a migration is just being applied), or does
 * not take the gateway's key (it is just being changed).
 */
const RETRIED: ReadonlySet<ErrorCode> = new Set(["database_unavailable", "not_configured", "unauthorized"]);

export type SettleDependencies = { turns: Pick<TurnStore, "settle">; clock: Clock; logger: Logger };

/**
 * Saves a turn that has ended; goes on for about a minute while the database cannot take it. If the database
 * refuses it, it is saved without its messages and attempts, which are all that can be of any size or form: what
 * it cost must be in the ledger. Never rejects; what could not be saved is logged with its costs.
 */
export async function settleTurn(
  turn: SettleTurn,
  dependencies: SettleDependencies,
  fields: LogFields,
): Promise<void> {
  const { logger } = dependencies;
  try {
    await settleWithRetries(turn, dependencies, fields);
  } catch (error) {
    if (!isRefusal(error)) return logLost(logger, turn, error, fields);
    await settleWithoutContent(turn, dependencies, { error, fields });
  }
}

async function settleWithoutContent(
  turn: SettleTurn,
  dependencies: SettleDependencies,
  refused: { error: unknown; fields: LogFields },
): Promise<void> {
  const bare: SettleTurn = { ...turn, userMessage: "", assistantMessage: "", attempts: [] };
  const { logger } = dependencies;
  try {
    await settleWithRetries(bare, dependencies, refused.fields);
    logger.error(
      "The database refused a turn; it was saved without its messages and attempts.",
      refused.error,
      refused.fields,
    );
  } catch (error) {
    logLost(logger, turn, error, refused.fields);
  }
}

/** Settling is idempotent. Throws what another try would not change, and the last error. */
async function settleWithRetries(
  turn: SettleTurn,
  { turns, clock, logger }: SettleDependencies,
  fields: LogFields,
): Promise<void> {
  for (const pauseMs of RETRY_MS) {
    try {
      return await turns.settle(turn);
    } catch (error) {
      if (!(error instanceof GatewayError) || !RETRIED.has(error.code)) throw error;
      logger.warn("Saving a turn failed; trying again.", { ...fields, code: error.code, pauseMs });
      await sleep(clock, pauseMs);
    }
  }
  await turns.settle(turn);
}

/** The database is there, and would not take what it was given. */
function isRefusal(error: unknown): boolean {
  return error instanceof GatewayError && error.code === "internal_error";
}

/** With all that the ledger row would have said, so that an operator can count it all the same. */
function logLost(logger: Logger, turn: SettleTurn, error: unknown, fields: LogFields): void {
  const { status, model, backend, promptTokens, completionTokens, cachedTokens, costUsd } = turn;
  const { userId } = turn.caller;
  logger.error("A turn could not be saved.", error, {
    ...fields,
    ...{ userId, status, model, backend, promptTokens, completionTokens, cachedTokens, costUsd },
  });
}
