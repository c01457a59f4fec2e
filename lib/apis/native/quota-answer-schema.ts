import { z } from "zod";
import { MODE_IDS } from "#lib/ai-models.ts";

const mode = z.enum(MODE_IDS);
const count = z.int().min(0);
const countsIn = mode
  .optional()
  .describe("The mode in which its turns count, because it borrows its engines.");

export const quotaSchema = z.object({
  day: z.iso.date().describe("The UTC day."),
  resetsAt: z.string().describe("When the next day begins."),
  user: z.object({
    modes: z.array(z.object({ mode, used: count, limit: count, remaining: count, countsIn })),
  }),
  company: z.object({ modes: z.array(z.object({ mode, used: count, capacity: count, countsIn })) }),
});
