import { z } from "zod";
import { defined } from "#lib/apis/fields.ts";
import type { McpTool, McpToolAnnotations } from "#lib/plugins/mcp.ts";
import { stripInvisible } from "#lib/prompts/sanitize.ts";
import { exceedsDepth, isJsonObject, type JsonObject } from "#lib/shared/json.ts";
import { truncate } from "#lib/shared/text.ts";

/** Bounds of what one tool may say of itself. */
const MAX_NAME = 128;
const MAX_TITLE = 200;
const MAX_DESCRIPTION = 8_000;
const MAX_SCHEMA = 64 * 1024;
const MAX_DEPTH = 32;

const annotationsSchema = z.object({
  title: z.string().optional(),
  readOnlyHint: z.boolean().optional(),
  destructiveHint: z.boolean().optional(),
  idempotentHint: z.boolean().optional(),
  openWorldHint: z.boolean().optional(),
});

const toolSchema = z.looseObject({
  name: z
    .string()
    .min(1)
    .max(MAX_NAME)
    .regex(/^[^\p{Cc}\p{Cf}]+$/u),
  title: z.string().optional(),
  description: z.string().optional(),
  inputSchema: z.looseObject({ type: z.literal("object") }),
  outputSchema: z.looseObject({}).optional(),
  annotations: annotationsSchema.optional(),
});

/** What the gateway keeps of a tool that a server lists; a text says why it is left out. */
export function readTool(value: unknown): McpTool | string {
  const parsed = toolSchema.safeParse(value);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    return `${nameIn(value)} is left out: ${issue?.path.join(".") || "it"} is not valid.`;
  }
  const { name, title, description, inputSchema, outputSchema, annotations } = parsed.data;
  const tooLarge = [inputSchema, outputSchema].some((schema) => schema !== undefined && !isUsable(schema));
  if (tooLarge) return `${nameIn(value)} is left out: its schema is too large or too deep.`;
  const tool: McpTool = { name, inputSchema: inputSchema as JsonObject };
  if (title !== undefined) tool.title = truncate(title, MAX_TITLE);
  if (description !== undefined) tool.description = truncate(description, MAX_DESCRIPTION);
  if (outputSchema !== undefined) tool.outputSchema = outputSchema as JsonObject;
  if (annotations !== undefined) tool.annotations = kept(annotations);
  return tool;
}

function kept({ title, ...hints }: z.output<typeof annotationsSchema>): McpToolAnnotations {
  return title === undefined ? defined(hints) : { title: truncate(title, MAX_TITLE), ...defined(hints) };
}

function isUsable(schema: object): boolean {
  return !exceedsDepth(schema, MAX_DEPTH) && JSON.stringify(schema).length <= MAX_SCHEMA;
}

function nameIn(value: unknown): string {
  const name = isJsonObject(value) ? value["name"] : undefined;
  return typeof name === "string"
    ? `The tool ${JSON.stringify(truncate(stripInvisible(name), MAX_NAME))}`
    : "A tool without a name";
}
