import { createAccessTokenVerifier, createUserLookup } from "#lib/adapters/supabase/access-tokens.ts";
import type { SupabaseClients } from "#lib/adapters/supabase/clients.ts";
import {
  createSupabaseGatewayKeyStore,
  createSupabaseKeyAdmission,
  createSupabaseKeyRegister,
} from "#lib/adapters/supabase/gateway-key-store.ts";
import { createSessionCookies } from "#lib/adapters/supabase/session-cookies.ts";
import { type AdminCheck, createAdminCheck } from "#lib/server/auth/admin.ts";
import { type Authenticator, createAuthenticator } from "#lib/server/auth/auth.ts";
import type { Env } from "#lib/server/env/env.ts";
import type { DatabaseSettings } from "#lib/server/wiring/database.ts";
import { randomHex } from "#lib/server/wiring/random.ts";
import { createKeyAdmission, type KeyAdmission } from "#lib/services/admission/key-admission.ts";
import type { GatewayKeyDependencies } from "#lib/services/identity/gateway-keys.ts";
import type { Logger } from "#lib/services/ports.ts";
import type { Clock } from "#lib/shared/clock.ts";

export type IdentityParts = {
  env: Env;
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
  /** The limits of gateway keys. */
  admission: KeyAdmission;
};

/** Authentication, users' gateway keys, and the limits of keys. */
export function createIdentity({ env, settings, clients, clock, logger }: IdentityParts): Identity {
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
    cookies: createSessionCookies(url, publishableKey),
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
    },
    admission: createKeyAdmission(createSupabaseKeyAdmission({ clients }), clock),
  };
}
