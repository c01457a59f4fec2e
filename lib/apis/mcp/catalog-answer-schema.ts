import { z } from "zod";

const listSchema = z.object({
  ok: z.literal(true),
  tools: z.array(
    z.object({
      name: z.string(),
      description: z.string(),
      inputSchema: z.record(z.string(), z.unknown()).describe("A JSON Schema."),
    }),
  ),
});

const resultSchema = z.object({
  ok: z.literal(true),
  tool: z.string(),
  result: z.object({
    text: z.string(),
    source: z.object({ name: z.string(), url: z.string().optional() }),
    asOf: z.string().optional(),
    links: z.array(z.object({ title: z.string().optional(), uri: z.string() })).optional(),
    isError: z.boolean().optional(),
    structured: z.unknown().optional(),
  }),
});

/** The list of tools, or what a tool has found. */
export const catalogAnswerSchema = z.union([listSchema, resultSchema]);
