import type { Gateway } from "#lib/server/wiring/gateway.ts";
import { describeDatabaseCheck } from "#lib/services/health/database-check.ts";

/** Says in the log whether the database can be used, with which schema, and whether the routes are open. */
export async function reportDatabase({
  env,
  authenticator,
  checkDatabase,
  logger,
}: Pick<Gateway, "env" | "authenticator" | "checkDatabase" | "logger">): Promise<void> {
  const check = await checkDatabase();
  const line = describeDatabaseCheck(check);
  if (check.state === "ready") logger.info(line);
  else logger.warn(line);
  const canAsk = check.state === "ready" || check.state === "schema_outdated";
  if (!canAsk || !env.ENABLE_OPENAI_PROXY) return;
  // Asking is enough: whoever finds the routes open says so in the log, once.
  await authenticator.takesAnyBearer().catch((error: unknown) => {
    logger.error("Whether a gateway key has been created cannot be told yet.", error);
  });
}
