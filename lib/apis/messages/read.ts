import type { CompletionApi, ReadRequest } from "#lib/apis/completion-api.ts";
import { conversationOf } from "#lib/apis/conversation.ts";
import { defined, otherFields } from "#lib/apis/fields.ts";
import { assertForcedTool } from "#lib/apis/forced-tool.ts";
import { readMessage, readSystem } from "#lib/apis/messages/read-messages.ts";
import { readToolChoice, readTools } from "#lib/apis/messages/read-tools.ts";
import { type MessagesBody, messagesSchema } from "#lib/apis/messages/schema.ts";
import { createMessagesWriter } from "#lib/apis/messages/write.ts";
import { effortOfBudget } from "#lib/apis/reasoning-effort.ts";
import type {
  ChatMessage,
  ChatRequest,
  ExtraFields,
  ReasoningEffort,
  ResponseFormat,
} from "#lib/chat/request.ts";
import { estimateRequestTokens } from "#lib/chat/token-estimate.ts";
import { GatewayError } from "#lib/shared/errors.ts";
import type { JsonObject, JsonValue } from "#lib/shared/json.ts";
import { hash32 } from "#lib/shared/text.ts";

/** `POST /v1/messages` as Anthropic documents it, with extensions that clients use. */
export const messages: CompletionApi<typeof messagesSchema> = { schema: messagesSchema, read: readMessages };

const READ_FIELDS: ReadonlySet<string> = new Set(Object.keys(messagesSchema.shape));
/** The effort of adaptive thinking if the client sets none: Anthropic's default. */
const ADAPTIVE_EFFORT: ReasoningEffort = "high";
/** Providers reject longer user ids: OpenAI above 64 characters, OpenRouter above 128. */
const MAX_USER = 64;
const THREADS_BETA = /^message-threads-/;

function readMessages(body: MessagesBody, headers: Headers): ReadRequest {
  assertNoStoredThread(body);
  const chatMessages: ChatMessage[] = [...readSystem(body.system), ...body.messages.flatMap(readMessage)];
  const choice = body.tool_choice ?? undefined;
  const tools = readTools(body);
  const toolChoice = readToolChoice(choice);
  assertForcedTool(toolChoice, tools ?? []);
  const isSerial =
    choice !== undefined && choice.type !== "none" && choice.disable_parallel_tool_use === true;
  const hasWebSearch = (body.tools ?? []).some(
    (tool) => tool.type === "other" && String(tool.value["type"]).startsWith("web_search"),
  );
  const userId = body.metadata?.user_id ?? undefined;
  const chat: ChatRequest = {
    messages: chatMessages,
    stream: body.stream === true,
    conversationId: conversationOf(chatMessages),
    ...defined({
      awaitsUsage: body.stream === true ? true : undefined,
      tools,
      toolChoice,
      parallelToolCalls: isSerial ? false : undefined,
      temperature: body.temperature ?? undefined,
      topP: body.top_p ?? undefined,
      topK: body.top_k ?? undefined,
      stop: body.stop_sequences ?? undefined,
      maxOutputTokens: body.max_tokens ?? undefined,
      responseFormat: readFormat(body),
      reasoningEffort: readEffort(body),
      reasoningBudgetTokens: body.thinking?.type === "enabled" ? body.thinking.budget_tokens : undefined,
      user: userId === undefined ? undefined : shortUser(userId),
      webSearch: hasWebSearch ? true : undefined,
    }),
    extra: readExtra(body, headers, userId),
  };
  const dropped = body.thread == null ? [] : ["thread"];
  const stopSequences = body.stop_sequences ?? [];
  return {
    chat,
    models: [body.model],
    dropped,
    createWriter: (meta) => createMessagesWriter(meta, stopSequences, () => estimateRequestTokens(chat)),
  };
}

/**
 * A request that continues a stored thread only has the new messages. After this error, Anthropic's SDK sends
 * the whole conversation. (A request that begins a thread is complete, so its `thread` can be dropped.)
 */
function assertNoStoredThread({ thread }: MessagesBody): void {
  if (thread?.type !== "continue") return;
  throw new GatewayError(
    "not_found",
    'There is no such thread: conversations are not stored here. Send all messages, without "thread".',
    { details: { error_code: "thread_not_found" } },
  );
}

function readEffort({ thinking, output_config: config }: MessagesBody): ReasoningEffort | undefined {
  if (thinking?.type === "disabled") return "none";
  const effort = config?.effort ?? undefined;
  if (effort !== undefined) return effort;
  if (thinking?.type === "adaptive") return ADAPTIVE_EFFORT;
  return thinking?.type === "enabled" ? effortOfBudget(thinking.budget_tokens) : undefined;
}

function readFormat({
  output_config: config,
  output_format: older,
}: MessagesBody): ResponseFormat | undefined {
  const format = config?.format ?? older ?? undefined;
  return format === undefined
    ? undefined
    : { type: "json_schema", name: "answer", schema: format.schema, strict: true };
}

function shortUser(userId: string): string {
  if (userId.length <= MAX_USER) return userId;
  return `user-${hash32(`a${userId}`).toString(36)}${hash32(`b${userId}`).toString(36)}`;
}

/** Fields that only Anthropic's engines understand, unchanged. */
function readExtra(body: MessagesBody, headers: Headers, userId: string | undefined): ExtraFields {
  const fields: JsonObject = otherFields(body, READ_FIELDS);
  const { thinking, tool_choice: choice } = body;
  const details: Record<string, JsonValue> = {
    ...detailsOf("metadata", body.metadata, ["user_id"]),
    ...detailsOf("tool_choice", choice, ["type", "name", "disable_parallel_tool_use"]),
    ...detailsOf("output_config", body.output_config, ["effort", "format"]),
  };
  if (thinking?.type === "other") fields["thinking"] = thinking.value;
  else Object.assign(details, detailsOf("thinking", thinking, ["type", "budget_tokens"]));
  if (userId !== undefined && userId.length > MAX_USER) details["metadata.user_id"] = userId;
  const effortAlone = thinking == null && body.output_config?.effort != null ? true : undefined;
  const further = Object.keys(details).length > 0 ? details : undefined;
  return {
    dialect: "anthropic",
    fields,
    ...defined({ details: further, effortAlone, betas: readBetas(headers) }),
  };
}

/** The other fields of an object of the request, by their paths. */
function detailsOf(
  name: string,
  object: Readonly<Record<string, unknown>> | null | undefined,
  read: readonly string[],
): Record<string, JsonValue> {
  const details: Record<string, JsonValue> = {};
  for (const [field, value] of Object.entries(otherFields(object ?? {}, new Set(read)))) {
    if (value !== undefined) details[`${name}.${field}`] = value;
  }
  return details;
}

/** The beta features that the client enables, except threads, which are not supported. */
function readBetas(headers: Headers): string | undefined {
  const names = (headers.get("anthropic-beta") ?? "")
    .split(",")
    .map((name) => name.trim())
    .filter((name) => /^[\w.: -]+$/.test(name) && !THREADS_BETA.test(name));
  return names.length === 0 ? undefined : names.join(",");
}
