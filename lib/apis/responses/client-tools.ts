import { isJsonObject, type JsonObject, type JsonValue, parseJson } from "#lib/shared/json.ts";

/**
 * A tool with a type of its own that the client runs. Engines get it as a function; its calls and their
 * results have items of their own.
 */
export type ClientTool = {
  /** The type of the tool, and the name of its function. */
  type: string;
  callType: string;
  outputType: string;
  /** Prefix of the ids of its calls. */
  prefix: string;
  description: string;
  parameters: JsonObject;
  /** The call's own fields, from the arguments of the function. */
  toFields(args: JsonObject): JsonObject;
  /** The arguments of the function, from a call in the history. */
  toArguments(item: JsonObject): JsonValue;
};

const text = { type: "string" };
const texts = { type: "array", items: text };
const milliseconds = { type: "integer", description: "Milliseconds." };

const toolSearch: ClientTool = {
  type: "tool_search",
  callType: "tool_search_call",
  outputType: "tool_search_output",
  prefix: "tsc",
  description: "Finds further tools. The tools that it finds can be called from the next step on.",
  parameters: { type: "object", properties: { query: text }, required: ["query"] },
  toFields: (args) => ({ execution: "client", arguments: args }),
  toArguments: (item) => {
    const { arguments: args } = item;
    return typeof args === "string" ? objectOf(args) : (args ?? {});
  },
};

const localShell: ClientTool = {
  type: "local_shell",
  callType: "local_shell_call",
  outputType: "local_shell_call_output",
  prefix: "lsh",
  description: "Runs a command on the user's computer and returns its output.",
  parameters: {
    type: "object",
    properties: {
      command: { ...texts, description: "The program and its arguments." },
      working_directory: text,
      timeout_ms: milliseconds,
      env: { type: "object", additionalProperties: text },
    },
    required: ["command"],
  },
  toFields: ({ command, env, ...rest }) => ({
    action: {
      type: "exec",
      ...rest,
      command: commandOf(command),
      env: isJsonObject(env) ? (env as JsonObject) : {},
    },
  }),
  toArguments: ({ action }) => {
    const { type: _type, ...args } = isJsonObject(action) ? (action as JsonObject) : {};
    return args;
  },
};

const shell: ClientTool = {
  type: "shell",
  callType: "shell_call",
  outputType: "shell_call_output",
  prefix: "sh",
  description: "Runs shell commands on the user's computer and returns their output.",
  parameters: {
    type: "object",
    properties: { commands: texts, timeout_ms: milliseconds, max_output_length: { type: "integer" } },
    required: ["commands"],
  },
  toFields: ({ commands, timeout_ms: timeout = null, max_output_length: length = null }) => ({
    action: {
      commands: Array.isArray(commands) ? commands : typeof commands === "string" ? [commands] : [],
      timeout_ms: timeout,
      max_output_length: length,
    },
    environment: null,
  }),
  toArguments: ({ action }) => (isJsonObject(action) ? (action as JsonObject) : {}),
};

const applyPatch: ClientTool = {
  type: "apply_patch",
  callType: "apply_patch_call",
  outputType: "apply_patch_call_output",
  prefix: "apc",
  description:
    "Creates, updates or deletes a file. `diff` is a V4A diff: every line begins with `+`, `-` or a space; for a new file, each line begins with `+`.",
  parameters: {
    type: "object",
    properties: {
      type: { type: "string", enum: ["create_file", "update_file", "delete_file"] },
      path: text,
      diff: text,
    },
    required: ["type", "path"],
  },
  toFields: ({ type = "update_file", path = "", diff = "" }) => ({
    operation: type === "delete_file" ? { type, path } : { type, path, diff },
  }),
  toArguments: ({ operation }) => (isJsonObject(operation) ? (operation as JsonObject) : {}),
};

export const CLIENT_TOOLS: readonly ClientTool[] = [toolSearch, localShell, shell, applyPatch];

/** The client's tool of this type, if the client runs it: OpenAI can run two of them itself. */
export function clientToolOf(tool: JsonObject): ClientTool | undefined {
  const found = CLIENT_TOOLS.find(({ type }) => type === tool["type"]);
  if (found === toolSearch) return isSearchOfClient(tool) ? found : undefined;
  const { environment } = tool;
  const isHosted = found === shell && isJsonObject(environment) && environment["type"] !== "local";
  return isHosted ? undefined : found;
}

function isSearchOfClient({ execution, parameters, description }: JsonObject): boolean {
  if (typeof execution === "string") return execution === "client";
  return isJsonObject(parameters) || typeof description === "string";
}

/** The arguments of a call as an object; empty if they are none. */
export function objectOf(args: string): JsonObject {
  const value = parseJson(args);
  return isJsonObject(value) ? (value as JsonObject) : {};
}

/** Some models write the whole command as one text. */
function commandOf(command: JsonValue | undefined): JsonValue {
  if (Array.isArray(command)) return command.map(String);
  return typeof command === "string" ? ["bash", "-lc", command] : [];
}
