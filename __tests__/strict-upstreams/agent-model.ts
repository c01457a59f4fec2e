import { arrayField, field, isJsonObject, stringField } from "#lib/shared/json.ts";
import { sampleOf } from "../support/schema-sample.ts";

/** What the scripted model is told to write, and where. */
export const FILE = "hello.txt";
export const CONTENT = "hello from the gateway";

/** A tool that a client offers, of any API. */
export type OfferedTool = {
  name: string;
  /** Of a codex namespace. */
  namespace?: string;
  /** A custom tool takes one string, a hosted one has a shape of its own. */
  kind: "function" | "custom" | "local_shell";
  schema?: unknown;
};

/** A conversation as the scripted model sees it. */
export type AgentView = {
  tools: readonly OfferedTool[];
  /** Everything that the client has said, as one text: the folder and the format of edits are found in it. */
  text: string;
  /** Results of tools so far. */
  results: number;
  /** Answers of the model so far. */
  answers: number;
  /** A JSON schema that the answer must follow. */
  answerSchema?: unknown;
  /** A tool that must be called. */
  forced?: string;
};

export type AgentCall = { tool: OfferedTool; input: Record<string, unknown> | string };
/** What the model does next. `thoughts` is one thought before the text and one before the call. */
export type AgentStep = { thoughts: readonly [string, string]; text: string; call?: AgentCall };

/** Tools that only look, the preferred first. */
const READERS = [
  /^(?:list_directory|list_files|ls|list_dir|list)$/i,
  /^(?:glob|glob_search|find_files)$/i,
  /^(?:bash|shell|local_shell|shell_command|exec_command|run_shell_command|execute_command|run_commands?|exec)$/i,
  /^(?:read|read_file|read_files)$/i,
];
/** Tools that can write a file. */
const WRITERS = [
  /^(?:write|write_file|write_to_file|create_file|create)$/i,
  /^apply_patch$/i,
  /^(?:bash|shell|local_shell|shell_command|exec_command|run_shell_command|execute_command|run_commands?|exec)$/i,
  /^(?:edit|replace|editor|str_replace_based_edit_tool)$/i,
];
const FINISHERS = /^(?:attempt_completion|submit_and_exit|finish)$/i;

const PATCH = `*** Begin Patch\n*** Add File: ${FILE}\n+${CONTENT}\n*** End Patch`;
const WRITE_COMMAND = `printf '%s\\n' '${CONTENT}' > ${FILE}`;
const DONE = `Created ${FILE}. It contains: ${CONTENT}.`;

/** Three rounds: look, write, finish. Without a tool that can write, edits are written as text, or words said. */
export function nextStep(view: AgentView): AgentStep {
  if (view.answerSchema !== undefined) return say(JSON.stringify(sampleOf(view.answerSchema, view.text)));
  const forced = view.tools.find(({ name }) => name === view.forced);
  if (forced !== undefined) return callOf(forced, view, "ls", "I call it.");
  const writer = firstTool(view.tools, WRITERS);
  if (writer === undefined) return textEdits(view);
  const reader = firstTool(view.tools, READERS) ?? writer;
  if (view.results === 0) return callOf(reader, view, "ls", "I look first.");
  if (view.results === 1) return callOf(writer, view, WRITE_COMMAND, "Now I write the file.");
  const finisher = view.tools.find(({ name }) => FINISHERS.test(name));
  if (finisher !== undefined && view.results === 2) return callOf(finisher, view, "ls", "Done.");
  return say(DONE);
}

function say(text: string): AgentStep {
  return { thoughts: ["I know what to say.", ""], text };
}

function callOf(tool: OfferedTool, view: AgentView, command: string, text: string): AgentStep {
  return {
    thoughts: [`${text} That needs ${tool.name}.`, "The arguments are clear."],
    text,
    call: { tool, input: inputOf(tool, view, command) },
  };
}

function firstTool(tools: readonly OfferedTool[], patterns: readonly RegExp[]): OfferedTool | undefined {
  for (const pattern of patterns) {
    const found = tools.find(({ name }) => pattern.test(ownName(name)));
    if (found !== undefined) return found;
  }
  return undefined;
}

/** A tool's name without the namespace of codex's own tools, which APIs without namespaces get as part of it. */
function ownName(name: string): string {
  return name.replace(/^functions__/, "");
}

function inputOf(tool: OfferedTool, view: AgentView, command: string): AgentCall["input"] {
  if (tool.kind === "custom") return textInput(tool.name, command);
  if (tool.kind === "local_shell") return { type: "exec", command: ["bash", "-lc", command], env: {} };
  const isPatch = /patch/i.test(tool.name);
  const folder = folderOf(view.text);
  const properties = field(tool.schema, "properties");
  const required = arrayField(tool.schema, "required").filter((name) => typeof name === "string");
  const names = isJsonObject(properties) ? Object.keys(properties) : [];
  // A custom tool at an API that has none.
  if (names.length === 1 && names[0] === "input") return { input: textInput(tool.name, command) };
  const wanted = names.filter((name) => required.includes(name) || isUseful(name, tool.name));
  return Object.fromEntries(
    wanted.map((name) => [
      name,
      valueFor(name, field(properties, name), isPatch ? PATCH : command, folder, tool.name),
    ]),
  );
}

/** The code mode of codex is JavaScript that calls its tools; a plain custom tool takes the command. */
function textInput(name: string, command: string): string {
  if (/patch/i.test(name)) return PATCH;
  if (ownName(name) !== "exec") return command;
  return `const r = await tools.exec_command({ cmd: ${JSON.stringify(command)} });\ntext(JSON.stringify(r));`;
}

function isUseful(name: string, tool: string): boolean {
  if (/^(?:command|commands|cmd|content|file_?path|path|absolute_path|file_text|input|patch)$/i.test(name))
    return true;
  return name === "pattern" && /glob/i.test(tool);
}

function valueFor(name: string, schema: unknown, command: string, folder: string, tool: string): unknown {
  const file = `${folder}/${FILE}`;
  const isReader = READERS.some((pattern) => pattern.test(tool)) && !/^write/i.test(tool);
  if (/^(?:command|cmd|input|patch|script)$/i.test(name)) {
    if (stringField(schema, "type") !== "array") return /edit/i.test(tool) ? "create" : command;
    return tool === "shell" ? ["bash", "-lc", command] : [command];
  }
  if (/^commands$/i.test(name)) return [command];
  if (/^(?:content|contents|file_text|new_string|newString|new_str|text)$/i.test(name)) return `${CONTENT}\n`;
  if (/^(?:old_string|oldString|old_str)$/i.test(name)) return "";
  if (/path|^file|^dir|directory/i.test(name)) {
    if (!isReader) return file;
    return stringField(schema, "type") === "array" ? [folder] : folder;
  }
  if (/^(?:workdir|cwd)$/i.test(name)) return folder;
  if (name === "pattern") return "*";
  if (/^(?:description|explanation|reason|result|summary)$/i.test(name)) return "As the user asked.";
  if (stringField(schema, "type") === "boolean") return false;
  return sampleOf(schema ?? {}, "", name);
}

/** The folder that the client works in, as its prompt tells it. */
export function folderOf(text: string): string {
  const told =
    /<cwd>\s*(\/[^\s<]+)/.exec(text)?.[1] ??
    /(?:working directory|current directory|in the directory|workspace root|cwd)[^\n/<]{0,40}?[\s:"'`](\/[^\s<>"'`)]+)/i.exec(
      text,
    )?.[1];
  return told === undefined ? "." : told.replace(/[.,]$/, "");
}

/** The edits of clients without tools: cline's XML, aider's blocks. */
function textEdits(view: AgentView): AgentStep {
  if (/<write_to_file>/.test(view.text)) return xmlEdits(view.answers);
  if (/<<<<<<< SEARCH/.test(view.text) && view.answers < 6)
    return say(`${FILE}\n\`\`\`\n<<<<<<< SEARCH\n=======\n${CONTENT}\n>>>>>>> REPLACE\n\`\`\`\n`);
  if (/file listing/i.test(view.text)) return say(`${FILE}\n\`\`\`\n${CONTENT}\n\`\`\`\n`);
  return say("Hello. There is no tool that could write a file.");
}

function xmlEdits(answers: number): AgentStep {
  if (answers === 0) return say("<list_files>\n<path>.</path>\n</list_files>");
  if (answers === 1)
    return say(`<write_to_file>\n<path>${FILE}</path>\n<content>\n${CONTENT}\n</content>\n</write_to_file>`);
  return say(`<attempt_completion>\n<result>\n${DONE}\n</result>\n</attempt_completion>`);
}
