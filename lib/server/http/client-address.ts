import type { Env } from "#lib/server/env/env.ts";
import type { HostContext } from "#lib/server/http/host-context.ts";

/** The client's address: the socket's, or what a trusted proxy says. */
export function clientAddress(
  request: Request,
  host: HostContext,
  env: Pick<Env, "TRUST_PROXY" | "VERCEL">,
): string {
  if (env.TRUST_PROXY || env.VERCEL) {
    // The trusted proxy appends the last entry.
    const forwarded = request.headers.get("x-forwarded-for")?.split(",").at(-1)?.trim();
    if (forwarded !== undefined && forwarded !== "") return forwarded;
  }
  return host.remoteAddress ?? "unknown";
}
