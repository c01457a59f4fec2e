import { GatewayError } from "#lib/shared/errors.ts";

/** The error if there is no database, with what to do. */
export function embeddedUnavailable(reason: string, cause?: unknown): GatewayError {
  return new GatewayError(
    "not_configured",
    `No Supabase is configured and the embedded one cannot run: ${reason}. ` +
      "Set NEXT_PUBLIC_SUPABASE_URL, NEXT_PUBLIC_SUPABASE_ANON_KEY and SUPABASE_SERVICE_ROLE_KEY, " +
      "or install the development dependencies (npm ci).",
    { cause },
  );
}

export function isModuleNotFound(error: unknown): boolean {
  const code = (error as { code?: unknown } | null | undefined)?.code;
  return code === "ERR_MODULE_NOT_FOUND" || code === "MODULE_NOT_FOUND";
}
