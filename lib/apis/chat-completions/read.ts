import { cacheBreakpoint } from "#lib/apis/cache-breakpoint.ts";
import { LegacyCalls } from "#lib/apis/chat-completions/legacy-calls.ts";
import { readMessage } from "#lib/apis/chat-completions/read-messages.ts";
import { type ChatCompletionsBody, chatCompletionsSchema } from "#lib/apis/chat-completions/schema.ts";
import { createChatCompletionsWriter } from "#lib/apis/chat-completions/write.ts";
import type { CompletionApi, ReadRequest } from "#lib/apis/completion-api.ts";
import { conversationOf } from "#lib/apis/conversation.ts";
import { defined, otherFields } from "#lib/apis/fields.ts";
import { assertForcedTool } from "#lib/apis/forced-tool.ts";
import { effortOfBudget } from "#lib/apis/reasoning-effort.ts";
import type { ChatRequest, FunctionTool, ResponseFormat, Tool, ToolChoice } from "#lib/chat/request.ts";

/** `POST /v1/chat/completions` as OpenAI documents it, with extensions that clients use. */
export const chatCompletions: CompletionApi<typeof chatCompletionsSchema> = {
  schema: chatCompletionsSchema,
  read: readChatCompletions,
};

const READ_FIELDS: ReadonlySet<string> = new Set(Object.keys(chatCompletionsSchema.shape));

function readChatCompletions(body: ChatCompletionsBody): ReadRequest {
  const legacyCalls = new LegacyCalls();
  const messages = body.messages.map((message, index) => readMessage(message, index, legacyCalls));
  const tools = readTools(body);
  // An answer in the older form has room for only one call.
  const isLegacy = body.functions != null && body.tools == null;
  const toolChoice = readToolChoice(body);
  assertForcedTool(toolChoice, tools ?? [], body.tool_choice == null ? "function_call" : "tool_choice");
  const effort = body.reasoning_effort ?? body.reasoning?.effort ?? undefined;
  const chat: ChatRequest = {
    messages,
    stream: body.stream === true,
    conversationId: conversationOf(messages),
    ...defined({
      awaitsUsage: body.stream_options?.include_usage === true ? true : undefined,
      tools,
      toolChoice,
      parallelToolCalls: body.parallel_tool_calls ?? undefined,
      singleToolCall: isLegacy ? true : undefined,
      temperature: body.temperature ?? undefined,
      topP: body.top_p ?? undefined,
      topK: body.top_k ?? undefined,
      frequencyPenalty: body.frequency_penalty ?? undefined,
      presencePenalty: body.presence_penalty ?? undefined,
      seed: body.seed ?? undefined,
      stop: readStop(body),
      n: body.n ?? undefined,
      logprobs: body.logprobs ?? undefined,
      topLogprobs: body.top_logprobs ?? undefined,
      logitBias: body.logit_bias ?? undefined,
      maxOutputTokens: body.max_completion_tokens ?? body.max_tokens ?? undefined,
      responseFormat: readResponseFormat(body),
      reasoningEffort: effort ?? effortOfBudget(body.reasoning?.max_tokens ?? undefined),
      reasoningBudgetTokens: body.reasoning?.max_tokens ?? undefined,
      user: body.user ?? undefined,
    }),
  };
  const extra = otherFields(body, READ_FIELDS);
  if (Object.keys(extra).length > 0) chat.extra = { dialect: "openai", fields: extra };
  const includeUsage = body.stream_options?.include_usage === true;
  const options = { includeUsage, legacyFunctions: isLegacy };
  const models = [...new Set([...(body.model == null ? [] : [body.model]), ...(body.models ?? [])])];
  return {
    chat,
    models,
    dropped: droppedFields(body),
    createWriter: (meta) => createChatCompletionsWriter(meta, options),
  };
}

/** Fields that no engine receives: other settings of `reasoning`, and earlier audio answers. */
function droppedFields({ reasoning, messages }: ChatCompletionsBody): string[] {
  const { effort: _effort, max_tokens: _tokens, ...settings } = reasoning ?? {};
  const isSpoken = messages.some((message) => message.role === "assistant" && message["audio"] != null);
  return [
    ...(Object.values(settings).some((value) => value != null) ? ["reasoning"] : []),
    ...(isSpoken ? ["messages"] : []),
  ];
}

function readStop({ stop }: ChatCompletionsBody): string[] | undefined {
  if (typeof stop === "string") return [stop];
  // Some providers reject an empty list, which has no effect.
  return stop == null || stop.length === 0 ? undefined : stop;
}

type FunctionBody = NonNullable<ChatCompletionsBody["functions"]>[number];

function readTools(body: ChatCompletionsBody): Tool[] | undefined {
  if (body.tools == null) return body.functions?.map((fn) => readFunction(fn, undefined));
  if (body.tools.length === 0) return undefined;
  return body.tools.map((tool, index): Tool => {
    switch (tool.type) {
      case "function":
        return readFunction(tool.function, tool.cache_control);
      case "custom": {
        const { name, description, format } = tool.custom;
        return {
          type: "custom",
          name,
          ...defined({ description: description ?? undefined, format: format ?? undefined }),
        };
      }
      case "other":
        return { type: "opaque", dialect: "openai", value: tool.value, path: `tools.${index}` };
    }
  });
}

function readFunction(fn: FunctionBody, control: FunctionBody["cache_control"]): FunctionTool {
  return {
    type: "function",
    name: fn.name,
    ...defined({
      description: fn.description ?? undefined,
      parameters: fn.parameters ?? undefined,
      strict: fn.strict ?? undefined,
    }),
    ...cacheBreakpoint(control ?? fn.cache_control),
  };
}

function readToolChoice(body: ChatCompletionsBody): ToolChoice | undefined {
  const choice = body.tool_choice ?? undefined;
  if (choice === undefined) {
    const legacy = body.function_call ?? undefined;
    if (legacy === undefined || typeof legacy === "string") return legacy;
    return { type: "tool", name: legacy.name };
  }
  if (typeof choice === "string") return choice === "any" ? "required" : choice;
  switch (choice.type) {
    case "function":
      return { type: "tool", name: choice.function.name };
    case "custom":
      return { type: "tool", name: choice.custom.name, custom: true };
    case "allowed_tools": {
      const { mode, tools } = choice.allowed_tools;
      const names = tools.flatMap((tool) => tool.function?.name ?? tool.custom?.name ?? []);
      return { type: "allowed", names, required: mode === "required" };
    }
  }
}

function readResponseFormat({ response_format: format }: ChatCompletionsBody): ResponseFormat | undefined {
  if (format === null || format === undefined) return undefined;
  if (format.type !== "json_schema") return { type: format.type };
  const { name, schema, strict, description } = format.json_schema;
  return {
    type: "json_schema",
    name: name ?? "answer",
    schema: schema ?? {},
    ...defined({ strict: strict ?? undefined, description: description ?? undefined }),
  };
}
