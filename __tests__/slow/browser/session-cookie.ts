import type { Cookie } from "playwright-core";
import type { TestUser } from "../../support/test-database.ts";

/** The cookie in which @supabase/ssr keeps a session, for a gateway at this address. */
export function sessionCookieOf(
  user: TestUser,
  gatewayUrl: string,
): Pick<Cookie, "name" | "value"> & { url: string } {
  const session = JSON.stringify({
    access_token: user.accessToken,
    refresh_token: user.refreshToken,
    token_type: "bearer",
    expires_in: 3_600,
    expires_at: Math.floor(Date.now() / 1_000) + 3_600,
    user: { id: user.userId, email: user.email },
  });
  // The embedded database listens on 127.0.0.1, whose first label names the cookie.
  return {
    name: "sb-127-auth-token",
    value: `base64-${Buffer.from(session).toString("base64url")}`,
    url: gatewayUrl,
  };
}
