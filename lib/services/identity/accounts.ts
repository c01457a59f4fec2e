/** The user whom the embedded database has from the start. */
export const DEMO_EMAIL = "demo@sarmalink.local";

/** An address and a password, as somebody typed them. */
export type Credentials = { email: string; password: string };

/** What became of a wish about an account, with the cookies that the browser is to keep. */
export type AccountResult = { setCookies: string[] } & (
  | { kind: "signed-in" }
  /** An e-mail with a link is on its way, which has to be followed first. */
  | { kind: "check-email" }
  /** The address and the password do not belong together, or the link is used up. */
  | { kind: "wrong" }
  /** The auth server's own words, fit to be shown: the password is too weak, the address is taken. */
  | { kind: "refused"; reason: string }
);

/** A link of an e-mail: a code of the browser that asked for it, or a hash that works in any. */
export type EmailLink =
  | { code: string }
  | { tokenHash: string; type: "signup" | "recovery" | "email" | "invite" };

/**
 * Accounts of people, kept by the auth server; the session goes into the browser's cookies. All but `signOut`
 * throw `database_unavailable` if the auth server does not answer, and `rate_limited` if it asks for patience.
 */
export type Accounts = {
  signIn(request: Request, credentials: Credentials): Promise<AccountResult>;
  /** @param returnTo the address that a link in an e-mail leads to; undefined: the auth server's own setting. */
  signUp(request: Request, credentials: Credentials, returnTo: string | undefined): Promise<AccountResult>;
  /** Ends this session, at the auth server too if that answers. Returns the cookies that delete it. */
  signOut(request: Request): Promise<string[]>;
  /** Sends a link with which a new password can be set. Says nothing of whether there is such an account. */
  sendReset(request: Request, email: string, returnTo: string | undefined): Promise<string[]>;
  /** Sets the password of whoever is signed in. */
  setPassword(request: Request, password: string): Promise<AccountResult>;
  /** Signs in by a link of an e-mail. */
  redeem(request: Request, link: EmailLink): Promise<AccountResult>;
};
