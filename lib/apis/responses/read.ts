import type { CompletionApi, ReadRequest } from "#lib/apis/completion-api.ts";
import { conversationOf } from "#lib/apis/conversation.ts";
import { defined, otherFields } from "#lib/apis/fields.ts";
import { assertForcedTool } from "#lib/apis/forced-tool.ts";
import { type DeclaredTools, declaredTools } from "#lib/apis/responses/declared-tools.ts";
import { McpHistory } from "#lib/apis/responses/mcp-history.ts";
import { type ReadContext, readItems } from "#lib/apis/responses/read-input.ts";
import { assertChosenServers, chosenServers, readMcpServers } from "#lib/apis/responses/read-mcp.ts";
import { namesHostedTool, readToolChoice, readTools } from "#lib/apis/responses/read-tools.ts";
import { echoOf } from "#lib/apis/responses/response-object.ts";
import { type ResponsesBody, responsesSchema } from "#lib/apis/responses/schema.ts";
import { createResponsesWriter } from "#lib/apis/responses/write.ts";
import type { ChatMessage, ChatRequest, ExtraFields, ResponseFormat } from "#lib/chat/request.ts";
import type { McpRequest } from "#lib/plugins/mcp-request.ts";
import { GatewayError } from "#lib/shared/errors.ts";
import type { JsonObject } from "#lib/shared/json.ts";

/** `POST /v1/responses` as OpenAI documents it, served by chat engines. */
export const responses: CompletionApi<typeof responsesSchema> = {
  schema: responsesSchema,
  read: readResponses,
};

const READ_FIELDS: ReadonlySet<string> = new Set(Object.keys(responsesSchema.shape));
const LOGPROBS = "message.output_text.logprobs";

/** Fields that need a server that stores conversations. */
const STORED: readonly { field: keyof ResponsesBody; advice: string }[] = [
  {
    field: "previous_response_id",
    advice: "Answers are not stored. Send the items of the conversation so far in `input`.",
  },
  {
    field: "conversation",
    advice: "Conversations are not stored. Send the items of the conversation so far in `input`.",
  },
  { field: "prompt", advice: "Prompts are not stored. Send its text in `instructions` or `input`." },
];

function readResponses(body: ResponsesBody): ReadRequest {
  assertNothingStored(body);
  const dropped = new Set<string>(Object.keys(otherFields(body, READ_FIELDS)));
  const declared = declaredTools(body);
  const { names } = declared;
  const tools = readTools(declared, dropped);
  const toolChoice = readToolChoice(body.tool_choice, names, dropped);
  const mcpHistory = new McpHistory();
  const messages = readMessages(body, { names, dropped, mcp: mcpHistory });
  const mcp = readMcp(body, declared, mcpHistory, dropped);
  // Tools that OpenAI runs are left out, so a choice among them has no effect. Those of MCP servers are not known yet.
  if (mcp === undefined && !namesHostedTool(body.tool_choice)) assertForcedTool(toolChoice, tools.list);
  const logprobs = body.include?.includes(LOGPROBS) === true;
  const chat: ChatRequest = {
    messages,
    stream: body.stream === true,
    conversationId: conversationOf(messages),
    ...defined({
      awaitsUsage: body.stream === true ? true : undefined,
      tools: tools.list.length > 0 ? tools.list : undefined,
      webSearch: tools.webSearch === undefined ? undefined : true,
      webSearchTool: tools.webSearch,
      toolChoice,
      parallelToolCalls: body.parallel_tool_calls ?? undefined,
      temperature: body.temperature ?? undefined,
      topP: body.top_p ?? undefined,
      logprobs: logprobs ? true : undefined,
      topLogprobs: logprobs ? (body.top_logprobs ?? undefined) : undefined,
      maxOutputTokens: body.max_output_tokens ?? undefined,
      responseFormat: readFormat(body),
      reasoningEffort: body.reasoning?.effort ?? undefined,
      user: body.user ?? undefined,
    }),
  };
  const extra = extraFields(body);
  if (extra !== undefined) chat.extra = extra;
  const echo = echoOf(body);
  const decided = new Set(mcp?.decisions.map(({ id }) => id));
  return {
    chat,
    models: [...new Set([...(body.model == null ? [] : [body.model]), ...(body.models ?? [])])],
    dropped: [...dropped],
    createWriter: (meta) => createResponsesWriter(meta, { echo, names, logprobs, decided }),
    ...defined({ mcp }),
  };
}

/** Undefined for a request that has nothing to do with MCP servers, as nearly all. */
function readMcp(
  body: ResponsesBody,
  { tools, names }: DeclaredTools,
  history: McpHistory,
  dropped: Set<string>,
): McpRequest | undefined {
  const servers = readMcpServers(tools, body.tools, dropped);
  const chosen = chosenServers(body.tool_choice);
  assertChosenServers(chosen, servers);
  if (servers.length === 0 && history.isEmpty) return undefined;
  return {
    servers,
    listed: history.listed,
    decisions: history.decisions,
    results: history.results,
    chosen: new Set(chosen.flatMap(({ label, isWhole }) => (isWhole ? [label] : []))),
    nameOf: (label, tool) => names.ofMcpTool(label, tool),
  };
}

function assertNothingStored(body: ResponsesBody): void {
  for (const { field, advice } of STORED) {
    if (body[field] != null) throw unsupported(field, advice);
  }
  if (body.background === true) {
    throw unsupported(
      "background",
      "Background answers are not supported here. Omit it and wait for the answer.",
    );
  }
}

function unsupported(param: string, advice: string): GatewayError {
  return new GatewayError("invalid_request", `\`${param}\` is not supported. ${advice}`, {
    details: { param },
  });
}

function readMessages(body: ResponsesBody, context: ReadContext): ChatMessage[] {
  const { instructions, input } = body;
  const messages: ChatMessage[] = [];
  if (typeof instructions === "string" && instructions !== "") {
    messages.push({ role: "system", content: instructions, developer: true });
  } else if (Array.isArray(instructions)) {
    for (const message of readItems(instructions, context)) messages.push(message);
  }
  if (typeof input === "string") messages.push({ role: "user", content: input });
  else for (const message of readItems(input ?? [], context)) messages.push(message);
  if (messages.length === 0) {
    throw new GatewayError("invalid_request", "`input` has no message that an engine can answer.", {
      details: { param: "input" },
    });
  }
  return messages;
}

function readFormat({ text }: ResponsesBody): ResponseFormat | undefined {
  const format = text?.format;
  if (format === null || format === undefined) return undefined;
  if (format.type !== "json_schema") return { type: format.type };
  return {
    type: "json_schema",
    name: format.name ?? "answer",
    schema: format.schema ?? {},
    ...defined({ strict: format.strict ?? undefined, description: format.description ?? undefined }),
  };
}

/** Fields beyond those of a chat, for engines that know them. */
function extraFields(body: ResponsesBody): ExtraFields | undefined {
  // OpenAI's chat completions have these, too. Not `metadata`, which they take only if an answer is stored.
  const fields: JsonObject = defined({
    verbosity: body.text?.verbosity ?? undefined,
    safety_identifier: body.safety_identifier ?? undefined,
    prompt_cache_key: body.prompt_cache_key ?? undefined,
    prompt_cache_retention: body.prompt_cache_retention ?? undefined,
    service_tier: body.service_tier ?? undefined,
  });
  const { effort: _effort, ...reasoning } = withoutNulls(body.reasoning ?? {});
  const responsesFields: JsonObject = defined({
    metadata: body.metadata ?? undefined,
    reasoning: Object.keys(reasoning).length > 0 ? reasoning : undefined,
  });
  const { truncation } = body;
  const details = truncation != null && truncation !== "disabled" ? { truncation } : undefined;
  const count = Object.keys(fields).length + Object.keys(responsesFields).length;
  if (count === 0 && details === undefined) return undefined;
  return {
    dialect: "openai",
    fields,
    ...(Object.keys(responsesFields).length > 0 ? { responsesFields } : {}),
    ...defined({ details }),
  };
}

function withoutNulls(value: Readonly<Record<string, unknown>>): JsonObject {
  return Object.fromEntries(Object.entries(value).filter(([, one]) => one != null)) as JsonObject;
}
