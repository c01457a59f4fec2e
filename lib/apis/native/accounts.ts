import { z } from "zod";

const email = z
  .string()
  .trim()
  .max(320)
  .regex(/^[^\s@]+@[^\s@]+$/, "must be an e-mail address");
/** bcrypt reads no more than 72 bytes; the auth server decides what is too short. */
const password = z.string().min(1, "must not be empty").max(200);

export const credentialsSchema = z.object({ email, password });
export const resetSchema = z.object({ email });
export const newPasswordSchema = z.object({ password });

export const callbackQuerySchema = z.object({
  code: z.string().max(500).optional(),
  token_hash: z.string().max(500).optional(),
  type: z.enum(["signup", "recovery", "email", "invite"]).optional(),
  next: z.string().max(2_000).optional(),
  error_description: z.string().max(2_000).optional(),
});

/** A session as a page sees it. */
export type SessionBody = {
  user: { id: string; email: string | null; isAdmin: boolean; isDemo: boolean } | null;
  signUp: boolean;
  demo: boolean;
};
