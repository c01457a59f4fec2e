import { z } from "zod";

export const sessionSchema = z.object({
  id: z.uuid(),
  title: z.string(),
  createdAt: z.string(),
  updatedAt: z.string(),
});

export const sessionListSchema = z.object({
  sessions: z.array(sessionSchema),
  nextCursor: z.string().optional(),
});

export const openSessionSchema = sessionSchema.extend({
  messages: z.array(z.object({ role: z.enum(["user", "assistant"]), content: z.string() })),
});
