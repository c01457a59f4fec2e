import { createSupabaseAccounts } from "#lib/adapters/supabase/accounts.ts";
import { isHttps } from "#lib/server/auth/page-request.ts";
import { SignInLimiter } from "#lib/server/auth/sign-in-limiter.ts";
import type { Env } from "#lib/server/env/env.ts";
import type { DatabaseSettings } from "#lib/server/wiring/database.ts";
import { type Accounts, DEMO_EMAIL } from "#lib/services/identity/accounts.ts";
import type { Clock } from "#lib/shared/clock.ts";

export type AccountsPart = {
  accounts: Accounts;
  limiter: SignInLimiter;
  /** Whether strangers may make an account. */
  signUp: boolean;
  /** The demo user of a local run; undefined elsewhere. */
  demo: { email: string; password: string } | undefined;
};

/** Signing in on the pages. */
export function createAccounts(
  env: Env,
  { url, publishableKey }: DatabaseSettings,
  clock: Clock,
): AccountsPart {
  const isDevelopment = env.NODE_ENV === "development";
  const offersDemo = env.ENABLE_DEMO_SIGN_IN ?? isDevelopment;
  return {
    accounts: createSupabaseAccounts({ url, publishableKey, isSecure: (request) => isHttps(request, env) }),
    limiter: new SignInLimiter(clock, env.AUTH_FAILURES_PER_MINUTE),
    signUp: env.ENABLE_SIGN_UP ?? isDevelopment,
    demo:
      offersDemo && env.DEMO_PASSWORD !== undefined
        ? { email: DEMO_EMAIL, password: env.DEMO_PASSWORD }
        : undefined,
  };
}
