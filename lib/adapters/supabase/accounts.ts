import type { AuthError } from "@supabase/supabase-js";
import { authUnavailable } from "#lib/adapters/supabase/access-tokens.ts";
import {
  type AuthServerFailure,
  type CookieClientOptions,
  runCookieClient,
} from "#lib/adapters/supabase/cookie-client.ts";
import type { AccountResult, Accounts, EmailLink } from "#lib/services/identity/accounts.ts";
import { GatewayError } from "#lib/shared/errors.ts";

/** Codes of the auth server that say that somebody is not who they claim to be. */
const WRONG: ReadonlySet<string | undefined> = new Set([
  "invalid_credentials",
  "user_not_found",
  "otp_expired",
  "otp_disabled",
  "bad_code_verifier",
  "flow_state_not_found",
  "flow_state_expired",
  "session_not_found",
  "session_expired",
  "validation_failed",
]);
const MAX_REASON = 300;
/** The auth server's limits: an e-mail a minute to an address, some dozens of tries in five minutes. */
const RETRY_AFTER_S = 60;

type Outcome = AccountResult extends infer Result
  ? Result extends unknown
    ? Omit<Result, "setCookies">
    : never
  : never;

/** Accounts at Supabase Auth (GoTrue). */
export function createSupabaseAccounts(options: CookieClientOptions): Accounts {
  return {
    async signIn(request, credentials) {
      return settle(request, options, async (auth) => {
        const { error } = await auth.signInWithPassword(credentials);
        return outcomeOf(error, { kind: "signed-in" });
      });
    },
    async signUp(request, credentials, returnTo) {
      return settle(request, options, async (auth) => {
        const redirect = returnTo === undefined ? {} : { options: { emailRedirectTo: returnTo } };
        const { data, error } = await auth.signUp({ ...credentials, ...redirect });
        return outcomeOf(error, { kind: data.session === null ? "check-email" : "signed-in" });
      });
    },
    async signOut(request) {
      const { setCookies } = await runCookieClient(request, options, (auth) =>
        auth.signOut({ scope: "local" }),
      );
      // Whoever leaves a shared computer must be out, even if the auth server is not there to be told: nobody
      // but this browser has the session.
      return setCookies;
    },
    async sendReset(request, email, returnTo) {
      const { setCookies, failure } = await runCookieClient(request, options, (auth) =>
        auth.resetPasswordForEmail(email, returnTo === undefined ? {} : { redirectTo: returnTo }),
      );
      assertAnswered(failure);
      return setCookies;
    },
    async setPassword(request, password) {
      return settle(request, options, async (auth) => {
        const { error } = await auth.updateUser({ password });
        return outcomeOf(error, { kind: "signed-in" });
      });
    },
    async redeem(request, link) {
      return settle(request, options, async (auth) => {
        const { error } = await redeemed(auth, link);
        return outcomeOf(error, { kind: "signed-in" });
      });
    },
  };
}

type Auth = Parameters<Parameters<typeof runCookieClient>[2]>[0];

function redeemed(auth: Auth, link: EmailLink): Promise<{ error: AuthError | null }> {
  if ("code" in link) return auth.exchangeCodeForSession(link.code);
  return auth.verifyOtp({ token_hash: link.tokenHash, type: link.type });
}

async function settle(
  request: Request,
  options: CookieClientOptions,
  run: (auth: Auth) => Promise<Outcome>,
): Promise<AccountResult> {
  const { result, setCookies, failure } = await runCookieClient(request, options, run);
  assertAnswered(failure);
  return { ...result, setCookies };
}

/** Throws `rate_limited` where the auth server asks for patience, and `database_unavailable` where it fails. */
function assertAnswered(failure: AuthServerFailure | undefined): void {
  if (failure === undefined) return;
  if (failure.status !== 429) throw authUnavailable(failure.cause);
  throw new GatewayError("rate_limited", "Too many tries in a short time. Try again in a minute.", {
    retryAfterSeconds: RETRY_AFTER_S,
    cause: failure.cause,
  });
}

function outcomeOf(error: AuthError | null, success: Outcome): Outcome {
  if (error === null) return success;
  // GoTrue before its codes, and PostgREST's stand-ins, have the status alone.
  const isWrong = WRONG.has(error.code) || /invalid login credentials/i.test(error.message);
  return isWrong ? { kind: "wrong" } : { kind: "refused", reason: error.message.slice(0, MAX_REASON) };
}
