import type { FunctionTool, Tool } from "#lib/chat/request.ts";
import { closedSchema } from "#lib/providers/protocols/fit/closed-schema.ts";
import { validSchema } from "#lib/providers/protocols/fit/json-schema.ts";
import { PropertyKeys } from "#lib/providers/protocols/fit/property-keys.ts";
import { newCopyBudget, rootObject } from "#lib/providers/protocols/fit/root-object.ts";
import type { JsonObject } from "#lib/shared/json.ts";

/** The API refuses more tools that are strict. */
const MAX_STRICT = 20;

type SentSchema = { input: JsonObject; strict: boolean | undefined };

const NOTHING: JsonObject = { type: "object", properties: {} };

/** The inputs of the tools of a request as the API accepts them, and the properties that it renames. */
export class ToolSchemas {
  /** A limit of a schema has no place at its root. */
  isLossy = false;
  /** A tool is not sent as strict although the client wants it. */
  droppedStrict = false;
  /** The renamed properties of each tool that has any. */
  readonly keys = new Map<string, PropertyKeys>();
  readonly #schemas = new Map<Tool, SentSchema>();

  /** @param strict `as_sent`: the client knows this API; `if_closed`: only schemas in its grammar. */
  constructor(tools: readonly Tool[], strict: "as_sent" | "if_closed" | "never") {
    const budget = newCopyBudget();
    let strictTools = 0;
    for (const tool of tools) {
      if (tool.type !== "function") continue;
      const input = this.#inputOf(tool, budget);
      const takesIt = strict === "as_sent" || (strict === "if_closed" && isClosed(input));
      const isStrict = tool.strict === true && takesIt && strictTools < MAX_STRICT;
      if (isStrict) strictTools++;
      if (tool.strict === true && !isStrict) this.droppedStrict = true;
      this.#schemas.set(tool, {
        input,
        strict: isStrict === (tool.strict === true) ? tool.strict : undefined,
      });
    }
  }

  of(tool: FunctionTool): SentSchema {
    return this.#schemas.get(tool) ?? { input: NOTHING, strict: undefined };
  }

  #inputOf({ name, parameters }: FunctionTool, budget: { left: number }): JsonObject {
    if (parameters === undefined) return NOTHING;
    const root = rootObject(parameters, budget);
    if (root.isLossy) this.isLossy = true;
    const keys = new PropertyKeys();
    const input = validSchema(root.schema, { complete: false, propertyName: keys.rename });
    if (!keys.isEmpty) this.keys.set(name, keys);
    return input;
  }
}

/** Whether the schema is in the API's grammar for strict tools as it is. */
function isClosed(input: JsonObject): boolean {
  const closed = closedSchema(input);
  if (closed === undefined) return false;
  return canonical(closed) === canonical(input);
}

/** The JSON of a schema whatever the order of its keywords. */
function canonical(schema: JsonObject): string {
  return JSON.stringify(schema, (_name, value: unknown) =>
    typeof value === "object" && value !== null && !Array.isArray(value)
      ? Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)))
      : value,
  );
}
