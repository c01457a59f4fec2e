import { z } from "zod";
import { GatewayError } from "#lib/shared/errors.ts";
import type { JsonObject, JsonValue } from "#lib/shared/json.ts";
import { lazy } from "#lib/shared/lazy.ts";

/** What is asked: the new message, and the conversation before it, the oldest message first. */
export type ToolRequest = {
  message: string;
  history: readonly { role: "user" | "assistant"; content: string }[];
};

export type ToolContext = {
  /** Aborts when the client disconnects, and when the tool's time is over. */
  signal: AbortSignal;
  /** The user for whom it runs, if it is known: those who wait for the same thing take turns. */
  owner?: string | undefined;
};

export type ToolResult = {
  /** What the model reads: plain text. It is untrusted, and wrapped before a model sees it. */
  text: string;
  /** Where the data is from. */
  source: { name: string; url?: string };
  /** When the data is from, as the source says it: a date, or a date and time in ISO 8601. */
  asOf?: string;
  /** Pages that the answer may cite. */
  links?: readonly { title?: string; uri: string }[];
  /** The tool has run, and says that it failed; `text` says why. */
  isError?: boolean;
  /** The same as data, where the tool has it. */
  structured?: JsonValue;
};

/**
 * A tool that fetches data: before an engine is asked, when `detect` finds a need for it in a message, or
 * because a client or an agent calls it by name.
 */
export type Tool = {
  /** The name in events, logs and calls: `exchange_rates`. */
  name: string;
  /** What it does and when to use it, for a model that chooses among tools. */
  description: string;
  /** The JSON Schema of an input: an object. */
  inputSchema(): JsonObject;
  /** How long a call may take, milliseconds. */
  timeoutMs: number;
  /** The inputs of the calls that the message needs, at most a few; linear in the length of the message. */
  detect?(request: ToolRequest): readonly unknown[];
  /** Throws `invalid_request` for an input that does not fit the schema; rejects if the source fails. */
  run(input: unknown, context: ToolContext): Promise<ToolResult>;
};

/** A tool, written with the type of its input. */
export type ToolDefinition<Schema extends z.ZodType> = Omit<Tool, "inputSchema" | "detect" | "run"> & {
  input: Schema;
  detect?(request: ToolRequest): readonly z.infer<Schema>[];
  run(input: z.infer<Schema>, context: ToolContext): Promise<ToolResult>;
};

/** A tool whose input is checked against its schema before it runs. */
export function defineTool<Schema extends z.ZodType>(definition: ToolDefinition<Schema>): Tool {
  const { input: schema, ...tool } = definition;
  const jsonSchema = lazy(() => z.toJSONSchema(schema, { io: "input" }) as JsonObject);
  return {
    ...tool,
    inputSchema: () => jsonSchema.value,
    run: async (input, context) => {
      const parsed = schema.safeParse(input);
      if (!parsed.success) {
        const [issue] = parsed.error.issues;
        const where = issue === undefined || issue.path.length === 0 ? "" : ` at ${issue.path.join(".")}`;
        throw new GatewayError(
          "invalid_request",
          `Input of ${tool.name}${where}: ${issue?.message ?? "invalid"}`,
        );
      }
      return definition.run(parsed.data, context);
    },
  };
}
