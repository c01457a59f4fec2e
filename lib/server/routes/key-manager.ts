import { z } from "zod";
import type { Gateway } from "#lib/server/wiring/gateway.ts";
import type { Caller } from "#lib/services/identity/caller.ts";
import type { KeyManager } from "#lib/services/identity/gateway-keys.ts";
import { GatewayError } from "#lib/shared/errors.ts";

type Administration = Pick<Gateway, "isAdmin">;

const userIdSchema = z.uuid();

/** Whose keys the caller manages: administrators those of all users. */
export async function managerOf(caller: Caller, { isAdmin }: Administration): Promise<KeyManager> {
  return { userId: caller.userId, isAdmin: await isAdmin(caller) };
}

/** Who is to own a new key. Throws `forbidden` if that is another user, unless an administrator says so. */
export async function ownerOf(
  userId: string | undefined,
  caller: Caller,
  { isAdmin }: Administration,
): Promise<string> {
  if (userId === undefined || userId === caller.userId) return caller.userId;
  if (!(await isAdmin(caller))) throw forbidden("create keys for");
  return userId;
}

/**
 * Whose keys are listed: the caller's own, or those of one user or of all. Throws `forbidden` for keys of others,
 * unless an administrator asks.
 */
export async function listedUser(
  { all, user_id }: { all?: "true" | "false" | undefined; user_id?: string | undefined },
  caller: Caller,
  { isAdmin }: Administration,
): Promise<"own" | { userId: string | undefined }> {
  if (all !== "true" && user_id === undefined) return "own";
  const userId = user_id === undefined ? undefined : userIdSchema.safeParse(user_id).data?.toLowerCase();
  const isOwn = userId !== undefined && userId === caller.userId;
  if (!isOwn && !(await isAdmin(caller))) throw forbidden("see the keys of");
  if (user_id !== undefined && userId === undefined) {
    throw new GatewayError("invalid_request", '"user_id": must be the id of a user.');
  }
  return { userId };
}

function forbidden(what: string): GatewayError {
  return new GatewayError("forbidden", `Only admins ${what} other users.`);
}
