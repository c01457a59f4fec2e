import { jsonResponse, type PlainResponse } from "#lib/server/http/fast/plain-response.ts";
import type { AccountResult } from "#lib/services/identity/accounts.ts";
import { GatewayError } from "#lib/shared/errors.ts";

/** An address and a password are short. */
export const MAX_BYTES = 10_000;
/** Where links of e-mails lead. */
export const CALLBACK = "/api/auth/callback";

/** What a route answers with whose result is a session. */
export const signedInAnswer = async () => {
  const { signedInSchema } = await import("#lib/apis/native/accounts-answer-schema.ts");
  return { 200: { description: "The cookies of the answer hold the session.", json: signedInSchema } };
};

/** Answers with the session that a wish has led to; throws what stands in its way. */
export function signedIn(result: AccountResult, whenWrong: string): PlainResponse {
  switch (result.kind) {
    case "signed-in":
      return withCookies(jsonResponse({ ok: true }), result.setCookies);
    case "check-email":
      return withCookies(jsonResponse({ ok: true, checkEmail: true }), result.setCookies);
    case "wrong":
      throw new GatewayError("unauthorized", whenWrong);
    case "refused":
      throw new GatewayError("invalid_request", result.reason);
  }
}

/**
 * Where a link of an e-mail leads. Only an operator can say what the gateway's address is: the `Host` of a
 * request is whatever its sender writes, and the link would give the account away.
 */
export function returnAddress(
  { NEXT_PUBLIC_APP_URL }: { NEXT_PUBLIC_APP_URL?: string | undefined },
  next: string,
): string | undefined {
  if (NEXT_PUBLIC_APP_URL === undefined) return undefined;
  return new URL(`${CALLBACK}?next=${encodeURIComponent(next)}`, NEXT_PUBLIC_APP_URL).href;
}

/** The answer, with these cookies. */
export function withCookies(response: PlainResponse, cookies: readonly string[]): PlainResponse {
  for (const cookie of cookies) response.addCookie(cookie);
  return response;
}
