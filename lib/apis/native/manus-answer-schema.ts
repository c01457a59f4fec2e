import { z } from "zod";

const taskSummarySchema = z.object({
  id: z.uuid(),
  title: z.string(),
  status: z.enum(["pending", "running", "waiting", "completed", "failed", "stopped"]),
  url: z.string().nullable().describe("Where Manus shows the task."),
  error: z.string().nullable(),
  sessionId: z.uuid().nullable(),
  createdAt: z.string(),
  updatedAt: z.string(),
});

export const taskListSchema = z.object({
  tasks: z.array(taskSummarySchema),
  nextCursor: z.string().optional(),
});

export const taskSchema = taskSummarySchema.extend({
  prompt: z.string(),
  output: z.string().nullable(),
  artifacts: z.array(
    z.object({
      name: z.string(),
      url: z.string(),
      type: z.string().optional(),
      bytes: z.number().optional(),
    }),
  ),
});

export const webhookAnswerSchema = z.object({ ok: z.literal(true) });
