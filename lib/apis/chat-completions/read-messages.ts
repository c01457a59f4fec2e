import { cacheBreakpoint } from "#lib/apis/cache-breakpoint.ts";
import type { LegacyCalls } from "#lib/apis/chat-completions/legacy-calls.ts";
import { readOther } from "#lib/apis/chat-completions/other-parts.ts";
import { readReasoning } from "#lib/apis/chat-completions/reasoning-details.ts";
import type { ChatCompletionsBody } from "#lib/apis/chat-completions/schema.ts";
import { defined } from "#lib/apis/fields.ts";
import { unpackToken } from "#lib/apis/issuer-token.ts";
import { ISSUERS } from "#lib/chat/issuers.ts";
import type {
  AssistantPart,
  ChatMessage,
  Content,
  ContentPart,
  IssuerToken,
  ToolCallPart,
} from "#lib/chat/request.ts";

type Message = ChatCompletionsBody["messages"][number];
type MessageContent = Message["content"];

/** Translates one message. */
export function readMessage(message: Message, index: number, legacyCalls: LegacyCalls): ChatMessage {
  const path = `messages.${index}.content`;
  const name = "name" in message && typeof message.name === "string" ? { name: message.name } : {};
  switch (message.role) {
    case "system":
      return { role: "system", content: readMarked(message, path), ...name };
    case "developer":
      return { role: "system", content: readMarked(message, path), developer: true, ...name };
    case "user":
      return { role: "user", content: readMarked(message, path), ...name };
    case "assistant":
      return { role: "assistant", parts: readAssistant(message, path, legacyCalls), ...name };
    case "tool":
      return {
        role: "tool",
        toolCallId: message.tool_call_id,
        content: readContent(message.content, path),
        ...cacheBreakpoint(message.cache_control),
      };
    case "function":
      // The older form of a tool result, which names only the function.
      return {
        role: "tool",
        toolCallId: legacyCalls.answered(message.name),
        content: readContent(message.content, path),
      };
  }
}

/** The content; a mark of the whole message becomes that of its last part. */
function readMarked(message: Exclude<Message, { role: "assistant" | "function" }>, path: string): Content {
  const content = readContent(message.content, path);
  const mark = cacheBreakpoint(message.cache_control);
  if (mark.cacheBreakpoint === undefined) return content;
  if (typeof content === "string")
    return content === "" ? content : [{ type: "text", text: content, ...mark }];
  const last = content.at(-1);
  if (last === undefined || last.type === "opaque") return content;
  return [...content.slice(0, -1), { ...last, ...mark }];
}

type AssistantBody = Message & { role: "assistant" };
type CallBody = NonNullable<AssistantBody["tool_calls"]>[number];

/** The API has no order between its fields, so reasoning comes first, then text, then tool calls. */
function readAssistant(message: AssistantBody, path: string, legacyCalls: LegacyCalls): AssistantPart[] {
  const parts: AssistantPart[] = readReasoning(
    message.reasoning_content ?? message.reasoning,
    message.reasoning_details,
  );
  for (const part of readAssistantContent(message.content, path)) parts.push(part);
  if (message.refusal != null && message.refusal !== "")
    parts.push({ type: "refusal", text: message.refusal });
  for (const call of message.tool_calls ?? []) parts.push(...readCall(call));
  const legacy = message.function_call;
  if (legacy != null) {
    const id = legacyCalls.called(legacy.name);
    parts.push({ type: "tool_call", id, name: legacy.name, arguments: legacy.arguments ?? "" });
  }
  return parts;
}

function readAssistantContent(content: MessageContent, path: string): AssistantPart[] {
  if (content === null || content === undefined) return [];
  if (typeof content === "string") return [{ type: "text", text: content }];
  return content.map((part, index) =>
    typeof part !== "string" && part.type === "refusal"
      ? { type: "refusal", text: part.refusal }
      : readPart(part, `${path}.${index}`),
  );
}

/** The call; empty if it is of neither kind. */
function readCall(call: CallBody): ToolCallPart[] {
  const { id, custom, function: fn, extra_content: extra } = call;
  const head = { type: "tool_call" as const, id: id ?? "", ...defined({ signature: readSignature(extra) }) };
  if (custom != null) return [{ ...head, name: custom.name, arguments: custom.input ?? "", custom: true }];
  if (fn == null) return [];
  const args = fn.arguments ?? "";
  return [{ ...head, name: fn.name, arguments: typeof args === "string" ? args : JSON.stringify(args) }];
}

function readSignature(extra: CallBody["extra_content"]): IssuerToken | undefined {
  const packed = unpackToken(extra?.sarmalink?.signature ?? "", undefined);
  const google = extra?.google?.thought_signature ?? undefined;
  if (packed !== undefined || google === undefined) return packed;
  return { issuer: ISSUERS.google, value: google };
}

function readContent(content: MessageContent, path: string): Content {
  if (content === null || content === undefined) return "";
  return typeof content === "string"
    ? content
    : content.map((part, index) => readPart(part, `${path}.${index}`));
}

function readPart(
  part: Exclude<MessageContent, string | null | undefined>[number],
  path: string,
): ContentPart {
  if (typeof part === "string") return { type: "text", text: part };
  switch (part.type) {
    case "text":
    case "input_text":
    case "output_text":
      return { type: "text", text: part.text, ...cacheBreakpoint(part.cache_control) };
    case "refusal":
      return { type: "text", text: part.refusal };
    case "image_url": {
      const image = typeof part.image_url === "string" ? { url: part.image_url } : part.image_url;
      const { url, detail = null } = { detail: undefined, ...image };
      return {
        type: "image",
        url,
        // Most engines only know three levels.
        ...(detail === null ? {} : { detail: detail === "original" ? "high" : detail }),
        ...cacheBreakpoint(part.cache_control),
      };
    }
    case "other":
      return readOther(part.value, path);
  }
}
