import { createAccessTokenVerifier, createUserLookup } from "#lib/adapters/supabase/access-tokens.ts";
import type { SupabaseClients } from "#lib/adapters/supabase/clients.ts";
import { createSupabaseKeyRegister } from "#lib/adapters/supabase/gateway-key-register.ts";
import {
  createSupabaseGatewayKeyStore,
  createSupabaseKeyAdmission,
} from "#lib/adapters/supabase/gateway-key-store.ts";
import { createSessionCookies } from "#lib/adapters/supabase/session-cookies.ts";
import { type AdminCheck, createAdminCheck } from "#lib/server/auth/admin.ts";
import { type Authenticator, createAuthenticator } from "#lib/server/auth/auth.ts";
import { isHttps } from "#lib/server/auth/page-request.ts";
import type { Env } from "#lib/server/env/env.ts";
import type { DatabaseSettings } from "#lib/server/wiring/database.ts";
import { randomHex } from "#lib/server/wiring/random.ts";
import { createKeyAdmission, type KeyAdmission } from "#lib/services/admission/key-admission.ts";
import type { KeyHolds } from "#lib/services/admission/key-holds.ts";
import type { GatewayKeyDependencies } from "#lib/services/identity/gateway-keys.ts";
import { BeginQueue } from "#lib/services/ledger/begin-queue.ts";
import type { Logger } from "#lib/services/ports.ts";
import type { Clock } from "#lib/shared/clock.ts";

/**
 * As for the begins of turns (`ledger.ts`): more admissions at once only take longer each. Long enough to wait for
 * those that find out that the database is away, which takes two calls of 2 s.
 */
const ADMISSIONS = { maxRunning: 16, maxWaiting: 1_000, maxWaitMs: 5_000, maxTotalMs: 10_000 };

export type IdentityParts = {
  env: Env;
  /** Identifies this process among the instances of the gateway. */
  instanceId: string;
  settings: DatabaseSettings;
  clients: SupabaseClients;
  clock: Clock;
  logger: Logger;
};

export type Identity = {
  authenticator: Authenticator;
  isAdmin: AdminCheck;
  /** The users' gateway keys. */
  keys: GatewayKeyDependencies;
  /** The limits of gateway keys, and what requests hold of them in this process. */
  admission: KeyAdmission & { holds: KeyHolds };
};

/** Authentication, users' gateway keys, and the limits of keys. */
export function createIdentity({
  env,
  instanceId,
  settings,
  clients,
  clock,
  logger,
}: IdentityParts): Identity {
  const { url, publishableKey } = settings;
  const isAdmin = createAdminCheck(env, createUserLookup({ url, publishableKey, now: () => clock.now() }));
  const authenticator = createAuthenticator({
    env,
    clock,
    logger,
    keys: createSupabaseGatewayKeyStore({ clients }),
    verifyToken: createAccessTokenVerifier({
      url,
      publishableKey,
      jwtSecret: env.SUPABASE_JWT_SECRET,
      now: () => clock.now(),
    }),
    cookies: createSessionCookies({ url, publishableKey, isSecure: (request) => isHttps(request, env) }),
    isAdmin,
  });
  return {
    authenticator,
    isAdmin,
    keys: {
      register: createSupabaseKeyRegister({ clients }),
      randomHex,
      onCreated: () => authenticator.keyCreated(),
      onRevoked: (keyId) => authenticator.keyRevoked(keyId),
      onChanged: (keyId) => authenticator.keysChanged([keyId]),
      now: () => clock.wallNow(),
    },
    admission: createKeyAdmission(
      createSupabaseKeyAdmission({ clients, instanceId }),
      clock,
      logger,
      new BeginQueue({ clock, ...ADMISSIONS }),
    ),
  };
}
