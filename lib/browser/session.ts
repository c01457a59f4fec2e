import { field, stringField } from "#lib/shared/json.ts";

/** Who is signed in, as `GET /api/auth/session` tells. */
export type Session = {
  user: { id: string; email: string | undefined; isAdmin: boolean; isDemo: boolean } | null;
  /** Whether strangers may make an account. */
  signUp: boolean;
  /** Whether a demo user can be signed in without a password: a local run. */
  demo: boolean;
};

/** Reads the answer of `GET /api/auth/session`. */
export function readSession(answer: unknown): Session {
  const user = field(answer, "user");
  const id = stringField(user, "id");
  return {
    user:
      id === undefined
        ? null
        : {
            id,
            email: stringField(user, "email"),
            isAdmin: field(user, "isAdmin") === true,
            isDemo: field(user, "isDemo") === true,
          },
    signUp: field(answer, "signUp") === true,
    demo: field(answer, "demo") === true,
  };
}

/** Whether a link in an e-mail has to be followed before somebody is signed in. */
export function readCheckEmail(answer: unknown): boolean {
  return field(answer, "checkEmail") === true;
}
