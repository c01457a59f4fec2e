import { GatheredLines } from "#lib/adapters/gathered-lines.ts";
import { createLogger } from "#lib/adapters/logger.ts";
import { writeToStandardError } from "#lib/adapters/standard-error.ts";
import type { Env } from "#lib/server/env/env.ts";
import type { Logger } from "#lib/services/ports.ts";

export type Logs = {
  logger: Logger;
  /** Writes the lines of turns, which are gathered: there is one for every request. */
  turnLogger: Logger;
  /** Writes what is gathered. */
  flush(): void;
};

/** @param secrets redacted in every line; the list may grow. */
export function createLogs(
  { LOG_LEVEL, VERCEL }: Pick<Env, "LOG_LEVEL" | "VERCEL">,
  secrets: readonly string[],
  writeLog: ((line: string) => void) | undefined,
): Logs {
  const logger = createLogger(secrets, writeLog, LOG_LEVEL);
  // On Vercel the process may be frozen before they are written.
  if (writeLog !== undefined || VERCEL) return { logger, turnLogger: logger, flush: () => undefined };
  const lines = new GatheredLines(writeToStandardError);
  return {
    logger,
    turnLogger: createLogger(secrets, (line) => lines.add(line), LOG_LEVEL),
    flush: () => lines.flush(),
  };
}
