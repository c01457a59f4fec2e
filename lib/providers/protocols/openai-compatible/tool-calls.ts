import { ISSUERS } from "#lib/chat/issuers.ts";
import type { ToolCall } from "#lib/chat/request.ts";
import type { OpenAiDialect } from "#lib/providers/vendors/openai-dialect.ts";
import type { JsonObject } from "#lib/shared/json.ts";

export function encodeToolCall(call: ToolCall, dialect: OpenAiDialect): JsonObject {
  const { id } = call;
  if (call.custom === true) {
    return { id, type: "custom", custom: { name: call.name, input: call.arguments } };
  }
  const { name, arguments: text } = call;
  const encoded = { id, type: "function", function: { name, arguments: text === "" ? "{}" : text } };
  return { ...encoded, ...signatureField(call, dialect) };
}

function signatureField({ signature }: ToolCall, { callSignatures }: OpenAiDialect): JsonObject {
  if (!callSignatures || signature?.issuer !== ISSUERS.google || typeof signature.value !== "string")
    return {};
  return { extra_content: { google: { thought_signature: signature.value } } };
}
