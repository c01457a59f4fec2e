import { type NextRequest, NextResponse } from "next/server";
import { publicEnv } from "#lib/public-env.ts";
import { contentSecurityPolicy } from "./app/_ui/content-security-policy.ts";

/**
 * Gives each page a content security policy with a nonce of its own. Next.js reads the nonce from the
 * request's header and puts it on the scripts that it writes.
 */
export function proxy(request: NextRequest): NextResponse {
  const nonce = btoa(String.fromCharCode(...crypto.getRandomValues(new Uint8Array(16))));
  const policy = contentSecurityPolicy({
    nonce,
    isDevelopment: process.env["NODE_ENV"] === "development",
    storage: publicEnv.storagePrefixes,
  });
  const headers = new Headers(request.headers);
  headers.set("x-nonce", nonce);
  headers.set("content-security-policy", policy);
  const response = NextResponse.next({ request: { headers } });
  response.headers.set("content-security-policy", policy);
  return response;
}

export const config = {
  // Pages only: the API answers no markup, and files of the build need no nonce.
  matcher: [{ source: "/((?!api/|api$|_next/static/|favicon\\.svg$|theme\\.js$).*)" }],
};
