import type { Gateway } from "#lib/server/wiring/gateway.ts";
import { describeDatabaseCheck } from "#lib/services/health/database-check.ts";

/** Logs whether the database can be used, its schema version, and whether access is open. */
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
  // The call is enough: the authenticator logs a warning when it first finds access open.
  await authenticator.takesAnyBearer().catch((error: unknown) => {
    logger.error("It is not known yet whether a gateway key has been created.", error);
  });
}
