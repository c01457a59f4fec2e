import { z } from "zod";

export const pluginListSchema = z.object({
  count: z.int(),
  plugins: z.array(
    z.object({
      id: z.string(),
      name: z.string(),
      description: z.string(),
      repository: z.string(),
      intents: z.array(z.string()),
      callable: z.boolean(),
      configured: z.boolean(),
      autoRoute: z.boolean(),
    }),
  ),
});

export const pluginAnswerSchema = z.object({
  ok: z.literal(true),
  pluginId: z.string(),
  status: z.int(),
  contentType: z.string().nullable(),
  encoding: z.enum(["json", "text", "base64"]),
  data: z.unknown(),
});
