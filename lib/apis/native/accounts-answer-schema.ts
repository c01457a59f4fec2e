import { z } from "zod";

export const sessionAnswerSchema = z.object({
  user: z
    .object({ id: z.uuid(), email: z.string().nullable(), isAdmin: z.boolean(), isDemo: z.boolean() })
    .nullable()
    .describe("Null if nobody is signed in."),
  signUp: z.boolean().describe("Whether strangers may make an account."),
  demo: z.boolean().describe("Whether the demo user of a local run can be signed in without a password."),
});

export const signedInSchema = z.object({
  ok: z.literal(true),
  checkEmail: z.boolean().optional().describe("A link in an e-mail has to be followed first."),
});
