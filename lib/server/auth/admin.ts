import type { Env } from "#lib/server/env/env.ts";
import type { Caller } from "#lib/services/identity/caller.ts";
import type { AccessTokenVerifier } from "#lib/services/identity/credentials.ts";

/** Whether a caller is an admin. Throws `database_unavailable` if the auth server has to say so and does not answer. */
export type AdminCheck = (caller: Caller) => Promise<boolean>;

/**
 * Admins are the users of ADMIN_USER_IDS, and those whose confirmed e-mail address is in ADMIN_EMAILS; without
 * these variables nobody is. A gateway key is never an admin: it is made to be put into programs.
 *
 * @param lookUp asks the auth server about a user, since a token does not say what is confirmed. It is only
 *   called for a token that names one of the addresses.
 */
export function createAdminCheck(
  { ADMIN_USER_IDS, ADMIN_EMAILS }: Pick<Env, "ADMIN_USER_IDS" | "ADMIN_EMAILS">,
  lookUp: AccessTokenVerifier,
): AdminCheck {
  const ids = new Set(ADMIN_USER_IDS);
  const emails = new Set(ADMIN_EMAILS.map(sameCase));
  const isListed = (email: string | undefined): boolean => email !== undefined && emails.has(sameCase(email));
  return async (caller) => {
    if (caller.kind !== "user") return false;
    if (ids.has(caller.userId.toLowerCase())) return true;
    if (!isListed(caller.email)) return false;
    const user = await lookUp(caller.accessToken);
    return user?.userId === caller.userId && user.emailConfirmed && isListed(user.email);
  };
}

/** ASCII only: in Unicode, two different addresses may have the same lower case (the Kelvin sign and k). */
function sameCase(email: string): string {
  return email.replace(/[A-Z]/g, (letter) => letter.toLowerCase());
}
