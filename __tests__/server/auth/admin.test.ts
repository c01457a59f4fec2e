import { expect, test } from "vitest";
import { createAdminCheck } from "#lib/server/auth/admin.ts";
import type { Caller } from "#lib/services/identity/caller.ts";
import type { TokenUser } from "#lib/services/identity/credentials.ts";
import { GatewayError } from "#lib/shared/errors.ts";

const ID = "5f0c7e5e-3c1b-4d5a-9b8e-0d9f5c1a2b3c";
const aUser = (email: string | undefined, userId = ID): Caller => ({
  kind: "user",
  userId,
  email,
  accessToken: "token",
});
const aKey: Caller = { kind: "key", userId: ID, keyId: ID, limits: {} };
const confirmed = (email: string): TokenUser => ({ userId: ID, email, emailConfirmed: true });

type Case = {
  what: string;
  ids?: string[];
  emails?: string[];
  caller: Caller;
  /** What the auth server says; undefined if it is not to be asked. */
  known?: TokenUser | null;
  admin: boolean;
};

test.each<Case>([
  { what: "nobody, without settings", caller: aUser("a@b.c"), admin: false },
  { what: "a listed id, in any case", ids: [ID], caller: aUser(undefined, ID.toUpperCase()), admin: true },
  { what: "another id", ids: ["x"], caller: aUser("a@b.c"), admin: false },
  { what: "a listed id's key", ids: [ID], caller: aKey, admin: false },
  {
    what: "a confirmed address",
    emails: ["A@b.C"],
    caller: aUser("a@B.c"),
    known: confirmed("a@b.c"),
    admin: true,
  },
  {
    what: "an unconfirmed address",
    emails: ["a@b.c"],
    caller: aUser("a@b.c"),
    known: { ...confirmed("a@b.c"), emailConfirmed: false },
    admin: false,
  },
  {
    what: "an address of before",
    emails: ["a@b.c"],
    caller: aUser("a@b.c"),
    known: confirmed("new@b.c"),
    admin: false,
  },
  { what: "a user who is gone", emails: ["a@b.c"], caller: aUser("a@b.c"), known: null, admin: false },
  {
    what: "the word about another user",
    emails: ["a@b.c"],
    caller: aUser("a@b.c"),
    known: { ...confirmed("a@b.c"), userId: "other" },
    admin: false,
  },
  { what: "an address that is not listed", emails: ["a@b.c"], caller: aUser("x@b.c"), admin: false },
  { what: "no address", emails: ["a@b.c"], caller: aUser(undefined), admin: false },
  {
    what: "an address that only Unicode calls the same",
    emails: ["k@b.c"],
    caller: aUser("\u212a@b.c"),
    admin: false,
  },
])("$what: $admin", async ({ ids = [], emails = [], caller, known, admin }) => {
  const isAdmin = createAdminCheck({ ADMIN_USER_IDS: ids, ADMIN_EMAILS: emails }, async () =>
    known === undefined ? expect.fail("The auth server was asked.") : known,
  );
  expect(await isAdmin(caller)).toBe(admin);
});

test("while the auth server is away, nobody becomes an admin by an address", async () => {
  const away = new GatewayError("database_unavailable", "away");
  const isAdmin = createAdminCheck({ ADMIN_USER_IDS: [], ADMIN_EMAILS: ["a@b.c"] }, () =>
    Promise.reject(away),
  );
  await expect(isAdmin(aUser("a@b.c"))).rejects.toBe(away);
});
