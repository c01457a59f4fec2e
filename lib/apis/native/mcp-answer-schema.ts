import { z } from "zod";

const jsonObject = z.looseObject({});
const server = z.object({ name: z.string(), version: z.string() });

export const mcpServersSchema = z.object({
  servers: z.array(
    z.object({
      id: z.string(),
      name: z.string(),
      /** The one that is meant where a request names none. */
      default: z.boolean(),
    }),
  ),
});

export const mcpToolListSchema = z.object({
  plugin: z.string(),
  protocolVersion: z.string(),
  server,
  tools: z.array(
    z.object({
      name: z.string(),
      title: z.string().optional(),
      description: z.string().optional(),
      inputSchema: jsonObject,
      outputSchema: jsonObject.optional(),
      annotations: z
        .object({
          title: z.string().optional(),
          readOnlyHint: z.boolean().optional(),
          destructiveHint: z.boolean().optional(),
          idempotentHint: z.boolean().optional(),
          openWorldHint: z.boolean().optional(),
        })
        .optional(),
    }),
  ),
  /** Tools that were left out, and why; absent for none. */
  problems: z.array(z.string()).optional(),
});

export const mcpCallAnswerSchema = z.object({
  ok: z.literal(true),
  plugin: z.string(),
  tool: z.string(),
  /** Blocks as the protocol has them. */
  content: z.array(jsonObject),
  structuredContent: z.unknown().optional(),
  /** The tool ran and says that it failed; its content says why. */
  isError: z.boolean(),
});

export const adminMcpSchema = z.object({
  servers: z.array(
    z.object({
      id: z.string(),
      name: z.string(),
      state: z.enum(["unused", "connected", "failed"]),
      /** Since when, ISO 8601; null for a server of which nothing was asked since the start. */
      since: z.string().nullable(),
      /** Why it failed. */
      error: z.string().nullable(),
      /** Null until its tools have been listed, as the fields below. */
      protocolVersion: z.string().nullable(),
      server: server.nullable(),
      tools: z
        .array(
          z.object({
            name: z.string(),
            title: z.string().nullable(),
            description: z.string().nullable(),
            /** Clients and models may use it. */
            allowed: z.boolean(),
            /** A call by a model waits for the client's consent. */
            needsApproval: z.boolean(),
          }),
        )
        .nullable(),
      problems: z.array(z.string()),
    }),
  ),
});
