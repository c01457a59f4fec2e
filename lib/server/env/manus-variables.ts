import { z } from "zod";
import { FLAG, flag, origin, type Rule } from "#lib/server/env/variable-types.ts";

/** Tasks for Manus. A secret that is too short is no reason not to start: its webhooks are refused. */
export const manusShape = {
  MANUS_API_KEY: z.string().optional(),
  MANUS_WEBHOOK_SECRET: z.string().optional(),
  MANUS_BASE_URL: origin.default("https://api.manus.ai"),
  ENABLE_MANUS_AUTOROUTE: flag(false),
};

const SECRET: Rule = { allowed: "text", example: "…", isPrivate: true };

export const MANUS_VARIABLE_RULES = {
  MANUS_API_KEY: SECRET,
  MANUS_WEBHOOK_SECRET: SECRET,
  MANUS_BASE_URL: {
    allowed: "a URL that begins with https:// or http://, without a query or a fragment",
    example: "https://api.manus.ai",
    isPrivate: true,
  },
  ENABLE_MANUS_AUTOROUTE: FLAG,
};
