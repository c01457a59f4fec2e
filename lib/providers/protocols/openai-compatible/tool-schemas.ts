import type { FunctionTool, Tool } from "#lib/chat/request.ts";
import { validSchema } from "#lib/providers/protocols/fit/json-schema.ts";
import { newCopyBudget, rootObject } from "#lib/providers/protocols/fit/root-object.ts";
import { isStrictSchema } from "#lib/providers/protocols/fit/strict-schema.ts";
import type { OpenAiDialect } from "#lib/providers/vendors/openai-dialect.ts";
import type { JsonObject } from "#lib/shared/json.ts";

type SentSchema = { parameters: JsonObject | undefined; strict: boolean | undefined };

/** The parameters of the tools of a request as OpenAI and the hosts of its protocol accept them. */
export class ToolSchemas {
  /** A limit of a schema has no place at its root. */
  isLossy = false;
  /** A tool is not sent as strict although the client wants it. */
  droppedStrict = false;
  readonly #schemas = new Map<Tool, SentSchema>();

  constructor(tools: readonly Tool[], dialect: OpenAiDialect) {
    const budget = newCopyBudget();
    const functions = tools.flatMap((tool) => (tool.type === "function" ? [tool] : []));
    for (const tool of functions) {
      const parameters = this.#parametersOf(tool, budget);
      const strict = tool.strict === true ? isStrictSchema(parameters) : tool.strict;
      this.#schemas.set(tool, { parameters, strict });
    }
    const sent = [...this.#schemas.values()];
    const isMixed = sent.some(({ strict }) => strict === true) && sent.some(({ strict }) => strict !== true);
    if (dialect.uniformStrict && isMixed) for (const schema of sent) schema.strict = false;
    this.droppedStrict = functions.some((tool) => tool.strict === true && this.of(tool).strict !== true);
  }

  of(tool: FunctionTool): SentSchema {
    return this.#schemas.get(tool) ?? { parameters: tool.parameters, strict: tool.strict };
  }

  #parametersOf({ parameters }: FunctionTool, budget: { left: number }): JsonObject | undefined {
    if (parameters === undefined) return undefined;
    const root = rootObject(parameters, budget);
    if (root.isLossy) this.isLossy = true;
    return validSchema(root.schema, { complete: true });
  }
}
