import type { Env } from "#lib/server/env/env.ts";
import type { HostContext } from "#lib/server/http/host-context.ts";

type Settings = Pick<Env, "TRUST_PROXY" | "VERCEL" | "NEXT_PUBLIC_APP_URL">;

/** Whether the browser speaks HTTPS, as far as the gateway can know: by its proxy, or by its own address. */
export function isHttps(request: Request, { TRUST_PROXY, VERCEL, NEXT_PUBLIC_APP_URL }: Settings): boolean {
  if (new URL(request.url).protocol === "https:") return true;
  const forwarded = TRUST_PROXY || VERCEL ? request.headers.get("x-forwarded-proto") : null;
  if (forwarded !== null) return forwarded.split(",").at(-1)?.trim() === "https";
  // Whoever comes to localhost comes without the proxy that the public address names.
  return NEXT_PUBLIC_APP_URL?.startsWith("https:") === true && !isLoopbackName(hostOf(request));
}

/** What proxies and tunnels add. One that adds none of them looks like this machine. */
const PROXY_HEADERS = [
  "x-forwarded-for",
  "x-forwarded-host",
  "forwarded",
  "x-real-ip",
  "via",
  "cf-connecting-ip",
] as const;

/**
 * Whether the request comes from this machine, and names it: not through a proxy, nor from a page of elsewhere.
 * Where the host does not tell the socket's address (Next.js' development server), the headers are the sender's
 * own words; they are believed only if nobody else can send any, because HOST does not open it to the network.
 */
export function isFromThisMachine(request: Request, host: HostContext, { HOST }: Pick<Env, "HOST">): boolean {
  const isForwarded = PROXY_HEADERS.some((name) =>
    // Next.js' development server names its own socket in it.
    (request.headers.get(name) ?? "")
      .split(",")
      .some((entry) => entry.trim() !== "" && !isLoopbackName(entry.trim())),
  );
  const { remoteAddress } = host;
  if (isForwarded || !isLoopbackName(hostOf(request))) return false;
  return isLoopbackName(remoteAddress ?? HOST ?? "localhost");
}

function hostOf(request: Request): string {
  return request.headers.get("host") ?? new URL(request.url).host;
}

function isLoopbackName(name: string): boolean {
  return /^(?:localhost|127\.\d+\.\d+\.\d+|\[?::1\]?|(?:\[?::ffff:)127\.\d+\.\d+\.\d+\]?)(?::\d+)?$/i.test(
    name,
  );
}
