import { randomBytes } from "node:crypto";
import {
  type CallToolResult,
  completable,
  createRequestStateCodec,
  fromJsonSchema,
  inputRequired,
  inputResponse,
  type McpServer,
  type McpServerOptions,
  ResourceTemplate,
  type ServerContext,
} from "@modelcontextprotocol/server";
import { z } from "zod";

/**
 * What the scenarios of the official conformance suite call, as their descriptions ask for it. Only a server of
 * the tests has it.
 */

const PNG =
  "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";
/** No sound of 8 kHz. */
const WAV = "UklGRiQAAABXQVZFZm10IBAAAAABAAEAQB8AAEAfAAABAAgAZGF0YQAAAAA=";
const PAUSE_MS = 50;

const state = createRequestStateCodec<{ step: number }>({ key: randomBytes(32) });

export const SUITE_OPTIONS: McpServerOptions = {
  capabilities: {
    tools: { listChanged: false },
    resources: { subscribe: true, listChanged: false },
    prompts: { listChanged: false },
    completions: {},
    logging: {},
  },
  requestState: { verify: state.verify },
};

const text = (words: string): CallToolResult => ({ content: [{ type: "text", text: words }] });
const pause = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, PAUSE_MS));

export function addSuiteTools(server: McpServer): void {
  addContentTools(server);
  addSpeakingTools(server);
  addAskingTools(server);
  addSchemaTools(server);
  addResources(server);
  addPrompts(server);
  server.server.setRequestHandler("logging/setLevel", () => ({}));
}

/** Tools that answer with each kind of content. */
function addContentTools(server: McpServer): void {
  const image = { type: "image", data: PNG, mimeType: "image/png" } as const;
  const embedded = (uri: string, mimeType: string, words: string) =>
    ({ type: "resource", resource: { uri, mimeType, text: words } }) as const;
  const answers: Readonly<Record<string, CallToolResult>> = {
    test_simple_text: text("This is a simple text response for testing."),
    test_image_content: { content: [image] },
    test_audio_content: { content: [{ type: "audio", data: WAV, mimeType: "audio/wav" }] },
    test_embedded_resource: {
      content: [embedded("test://embedded-resource", "text/plain", "This is an embedded resource content.")],
    },
    test_multiple_content_types: {
      content: [
        { type: "text", text: "Multiple content types test:" },
        image,
        embedded("test://mixed-content-resource", "application/json", '{"test":"data","value":123}'),
      ],
    },
  };
  for (const [name, answer] of Object.entries(answers)) {
    server.registerTool(name, { description: `Answers with ${name}.` }, () => answer);
  }
  server.registerTool("test_error_handling", { description: "Fails." }, () => {
    throw new Error("This tool intentionally returns an error for testing");
  });
}

/** Tools that send notifications before their result. */
function addSpeakingTools(server: McpServer): void {
  const say = async ({ mcpReq }: ServerContext): Promise<CallToolResult> => {
    await mcpReq.log("info", "Tool execution started");
    await pause();
    await mcpReq.log("info", "Tool processing data");
    await pause();
    await mcpReq.log("info", "Tool execution completed");
    return text("Done.");
  };
  server.registerTool("test_tool_with_logging", { description: "Logs three lines." }, say);
  server.registerTool("test_logging_tool", { description: "Logs three lines." }, say);
  server.registerTool("test_tool_with_progress", { description: "Reports progress." }, async ({ mcpReq }) => {
    const progressToken = mcpReq._meta?.progressToken;
    for (const progress of [0, 50, 100]) {
      if (progressToken !== undefined) {
        const params = { progressToken, progress, total: 100 };
        await mcpReq.notify({ method: "notifications/progress", params });
      }
      await pause();
    }
    return text("Done.");
  });
}

/** A form of one field. */
const elicit = (
  message: string,
  field: string,
  schema: { type: "string" } | { type: "boolean" } = { type: "string" },
) =>
  inputRequired.elicit({
    message,
    requestedSchema: { type: "object", properties: { [field]: schema }, required: [field] },
  });
const sample = (question: string, maxTokens: number) =>
  inputRequired.createMessage({
    messages: [{ role: "user", content: { type: "text", text: question } }],
    maxTokens,
  });

/** What the client has filled in; undefined if it has not. */
function filledIn({ mcpReq }: ServerContext, key: string, field: string): string | undefined {
  const response = inputResponse(mcpReq.inputResponses, key);
  const value =
    response.kind === "elicit" && response.action === "accept" ? response.content?.[field] : undefined;
  return value === undefined ? undefined : String(value);
}

/** Tools that want to be told more. */
function addAskingTools(server: McpServer): void {
  const ask = (name: string, run: (context: ServerContext) => unknown): void => {
    const answer = async (context: ServerContext) => (await run(context)) as CallToolResult;
    server.registerTool(name, { description: `Asks: ${name}.` }, answer);
  };
  const askName = (context: ServerContext) => {
    const name = filledIn(context, "user_name", "name");
    if (name !== undefined) return text(`Hello, ${name}!`);
    return inputRequired({ inputRequests: { user_name: elicit("What is your name?", "name") } });
  };
  ask("test_input_required_result_elicitation", askName);
  ask("test_streaming_elicitation", askName);
  ask("test_missing_capability", askSample("capital_question", "What is the capital of France?", 100));
  ask("test_input_required_result_capabilities", () => askWhatIsDeclared(server));
  ask(
    "test_input_required_result_sampling",
    askSample("capital_question", "What is the capital of France?", 100),
  );
  ask("test_input_required_result_list_roots", (context) => {
    const response = inputResponse(context.mcpReq.inputResponses, "client_roots");
    if (response.kind === "roots") return text(`Roots: ${response.roots.map(({ uri }) => uri).join(", ")}`);
    return inputRequired({ inputRequests: { client_roots: inputRequired.listRoots() } });
  });
  const confirm = async (context: ServerContext) => {
    if (context.mcpReq.requestState() !== undefined && filledIn(context, "confirm", "ok") !== undefined) {
      return text("state-ok");
    }
    const inputRequests = { confirm: elicit("Please confirm", "ok", { type: "boolean" }) };
    return inputRequired({ inputRequests, requestState: await state.mint({ step: 1 }) });
  };
  ask("test_input_required_result_request_state", confirm);
  ask("test_input_required_result_tampered_state", confirm);
  ask("test_input_required_result_multiple_inputs", askEverything);
  ask("test_input_required_result_multi_round", askTwice);
}

function askSample(key: string, question: string, maxTokens: number) {
  return ({ mcpReq }: ServerContext) => {
    const response = inputResponse(mcpReq.inputResponses, key);
    if (response.kind === "sampling") return text(JSON.stringify(response.result.content));
    return inputRequired({ inputRequests: { [key]: sample(question, maxTokens) } });
  };
}

/** Asks only for what the client can do. */
function askWhatIsDeclared(server: McpServer) {
  const can = server.server.getClientCapabilities();
  const inputRequests = {
    ...(can?.sampling === undefined ? {} : { greeting: sample("Generate a greeting", 50) }),
    ...(can?.elicitation === undefined ? {} : { user_name: elicit("What is your name?", "name") }),
  };
  return Object.keys(inputRequests).length === 0
    ? text("Nothing can be asked.")
    : inputRequired({ inputRequests });
}

async function askEverything(context: ServerContext) {
  const { inputResponses } = context.mcpReq;
  const name = filledIn(context, "user_name", "name");
  const isComplete =
    inputResponse(inputResponses, "greeting").kind === "sampling" &&
    inputResponse(inputResponses, "client_roots").kind === "roots";
  if (name !== undefined && isComplete) return text(`Hello, ${name}!`);
  return inputRequired({
    inputRequests: {
      user_name: elicit("What is your name?", "name"),
      greeting: sample("Generate a greeting", 50),
      client_roots: inputRequired.listRoots(),
    },
    requestState: await state.mint({ step: 1 }),
  });
}

async function askTwice(context: ServerContext) {
  const step = context.mcpReq.requestState<{ step: number }>()?.step ?? 0;
  if (step === 2 && filledIn(context, "step2", "color") !== undefined) return text("Done.");
  if (step === 1 && filledIn(context, "step1", "name") !== undefined) {
    const inputRequests = { step2: elicit("Step 2: What is your favorite color?", "color") };
    return inputRequired({ inputRequests, requestState: await state.mint({ step: 2 }) });
  }
  const inputRequests = { step1: elicit("Step 1: What is your name?", "name") };
  return inputRequired({ inputRequests, requestState: await state.mint({ step: 1 }) });
}

const RICH_SCHEMA = `{
  "$schema": "https://json-schema.org/draft/2020-12/schema",
  "type": "object",
  "$defs": {
    "address": {
      "$anchor": "addressDef",
      "type": "object",
      "properties": { "street": { "type": "string" }, "city": { "type": "string" } }
    }
  },
  "properties": {
    "name": { "type": "string" },
    "address": { "$ref": "#/$defs/address" },
    "contactMethod": { "type": "string", "enum": ["phone", "email"] },
    "phone": { "type": "string" },
    "email": { "type": "string" }
  },
  "allOf": [{ "anyOf": [{ "required": ["phone"] }, { "required": ["email"] }] }],
  "if": { "properties": { "contactMethod": { "const": "phone" } }, "required": ["contactMethod"] },
  "then": { "required": ["phone"] },
  "else": { "required": ["email"] },
  "additionalProperties": false
}`;

function addSchemaTools(server: McpServer): void {
  // As text, since an object with `then` looks like a promise.
  const schema = JSON.parse(RICH_SCHEMA) as Record<string, unknown>;
  server.registerTool(
    "json_schema_2020_12_tool",
    { description: "Has a rich schema.", inputSchema: fromJsonSchema<Record<string, unknown>>(schema) },
    () => text("Done."),
  );
  const mirrored = {
    type: "object",
    properties: { region: { type: "string", "x-mcp-header": "Region" }, query: { type: "string" } },
    required: ["region"],
  };
  server.registerTool(
    "test_headers",
    {
      description: "Has a mirrored parameter.",
      inputSchema: fromJsonSchema<Record<string, unknown>>(mirrored),
    },
    () => text("Done."),
  );
}

function addResources(server: McpServer): void {
  const fixed = (name: string, mimeType: string, content: { text: string } | { blob: string }): void => {
    const uri = `test://${name}`;
    const read = () => ({ contents: [{ uri, mimeType, ...content }] });
    server.registerResource(name, uri, { description: `A resource: ${name}.`, mimeType }, read);
  };
  fixed("static-text", "text/plain", { text: "This is the content of the static text resource." });
  fixed("static-binary", "image/png", { blob: PNG });
  fixed("watched-resource", "text/plain", { text: "Watched." });
  fixed("example-resource", "text/plain", { text: "An example." });
  const template = new ResourceTemplate("test://template/{id}/data", { list: undefined });
  const mimeType = "application/json";
  server.registerResource("template", template, { description: "A template.", mimeType }, (uri, { id }) => {
    const content = JSON.stringify({ id, templateTest: true, data: `Data for ID: ${String(id)}` });
    return { contents: [{ uri: uri.href, mimeType, text: content }] };
  });
  server.server.setRequestHandler("resources/subscribe", () => ({}));
  server.server.setRequestHandler("resources/unsubscribe", () => ({}));
}

function addPrompts(server: McpServer): void {
  const says = (...contents: readonly object[]) =>
    ({ messages: contents.map((content) => ({ role: "user", content })) }) as never;
  const words = (text: string) => ({ type: "text", text });
  server.registerPrompt("test_simple_prompt", { description: "Simple." }, () =>
    says(words("This is a simple prompt for testing.")),
  );
  server.registerPrompt(
    "test_prompt_with_arguments",
    {
      description: "With arguments.",
      argsSchema: z.object({ arg1: completable(z.string(), () => ["paris", "park"]), arg2: z.string() }),
    },
    ({ arg1, arg2 }) => says(words(`Prompt with arguments: arg1='${arg1}', arg2='${arg2}'`)),
  );
  server.registerPrompt(
    "test_prompt_with_embedded_resource",
    { description: "With a resource.", argsSchema: z.object({ resourceUri: z.string() }) },
    ({ resourceUri }) => {
      const resource = {
        uri: resourceUri,
        mimeType: "text/plain",
        text: "Embedded resource content for testing.",
      };
      return says({ type: "resource", resource }, words("Please process the embedded resource above."));
    },
  );
  server.registerPrompt("test_prompt_with_image", { description: "With an image." }, () =>
    says({ type: "image", data: PNG, mimeType: "image/png" }, words("Please analyze the image above.")),
  );
  server.registerPrompt("test_input_required_result_prompt", { description: "Asks." }, (context) => {
    const answer = filledIn(context, "user_context", "context");
    if (answer !== undefined) return says(words(`Context: ${answer}`));
    return inputRequired({
      inputRequests: { user_context: elicit("What context should the prompt use?", "context") },
    });
  });
}
