import { z } from "zod";

export const memorySchema = z.object({
  id: z.uuid(),
  fact: z.string(),
  createdAt: z.string(),
  updatedAt: z.string(),
});

export const memoryListSchema = z.object({ memories: z.array(memorySchema) });
