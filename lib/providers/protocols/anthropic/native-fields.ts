import type { ChatRequest, ExtraFields } from "#lib/chat/request.ts";
import { isJsonObject, type JsonObject, type JsonValue, stringField } from "#lib/shared/json.ts";

/** Fields of the Messages API without a counterpart in `ChatRequest`; it rejects fields it does not know. */
const EXTRA_FIELDS: ReadonlySet<string> = new Set([
  "cache_control",
  "container",
  "context_management",
  "inference_geo",
  "mcp_servers",
  "service_tier",
  "speed",
]);

/** An extra field from a client of this API. */
export function nativeField({ extra }: ChatRequest, name: string): JsonValue | undefined {
  return extra?.dialect === "anthropic" ? extra.fields[name] : undefined;
}

/** Details from such a client that a translated field does not carry. */
export function nativeDetails({ extra }: ChatRequest): NonNullable<ExtraFields["details"]> {
  return extra?.dialect === "anthropic" ? (extra.details ?? {}) : {};
}

/** Writes the extra fields, and adds to `dropped` those that the API does not know. */
export function writeExtra(body: JsonObject, request: ChatRequest, dropped: string[]): void {
  const { dialect, fields = {} } = request.extra ?? {};
  for (const [name, value] of Object.entries(fields)) {
    const sent = name === "context_management" ? withoutNeedlessClearing(value, body["thinking"]) : value;
    if (dialect !== "anthropic" || !EXTRA_FIELDS.has(name)) dropped.push(name);
    else if (sent === undefined) dropped.push(name);
    else body[name] = sent;
  }
}

/** The API rejects edits that clear thinking if the model does not think. */
function withoutNeedlessClearing(
  management: JsonValue | undefined,
  thinking: JsonValue | undefined,
): JsonValue | undefined {
  if (isThinking(thinking) || !isJsonObject(management) || !Array.isArray(management["edits"])) {
    return management;
  }
  const edits = management["edits"].filter(
    (edit) => stringField(edit, "type")?.startsWith("clear_thinking") !== true,
  );
  return edits.length === 0 ? undefined : { ...(management as JsonObject), edits: edits as JsonValue[] };
}

function isThinking(thinking: JsonValue | undefined): boolean {
  return isJsonObject(thinking) && thinking["type"] !== "disabled";
}
