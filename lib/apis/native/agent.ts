import { z } from "zod";
import { MODE_IDS } from "#lib/ai-models.ts";
import { stripInvisible } from "#lib/prompts/sanitize.ts";

const MIN_GOAL = 3;
const MAX_GOAL = 2_000;
const MAX_MCP_SERVERS = 10;
const MAX_NAME = 200;

/** The body of `POST /api/v1/agent`. */
export const agentBodySchema = z.object({
  goal: z
    .string()
    .max(MAX_GOAL)
    .refine(
      (text) => stripInvisible(text).trim().length >= MIN_GOAL,
      `must have at least ${MIN_GOAL} characters`,
    ),
  model: z.enum([...MODE_IDS, "auto"]).default("auto"),
  mcp: z.array(z.string().min(1).max(MAX_NAME)).max(MAX_MCP_SERVERS).default([]),
});
