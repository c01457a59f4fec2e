import type { ChatRequest, NativeFields } from "#lib/chat/request.ts";
import { isJsonObject, type JsonObject, type JsonValue, stringField } from "#lib/shared/json.ts";

/** An extra field from a client of this API. */
export function nativeField({ extra }: ChatRequest, name: string): JsonValue | undefined {
  return extra?.dialect === "anthropic" ? extra.fields[name] : undefined;
}

/**
 * The fields of an object of such a client's request that are not translated (`thinking`, `tool_choice`):
 * sent as they are.
 */
export function nativeDetails({ extra }: ChatRequest, object: string): JsonObject {
  const fields: JsonObject = {};
  if (extra?.dialect !== "anthropic") return fields;
  const prefix = `${object}.`;
  for (const [path, value] of Object.entries(extra.details ?? {})) {
    if (path.startsWith(prefix)) fields[path.slice(prefix.length)] = value;
  }
  return fields;
}

/** Fields of a client's block or tool that only this API understands. */
export function nativeBlock(native: NativeFields | undefined): JsonObject | undefined {
  return native?.dialect === "anthropic" ? native.fields : undefined;
}

/** Fields that `ChatRequest` has a name for, or that the gateway sets. */
const OWN_FIELDS: ReadonlySet<string> = new Set([
  "model",
  "messages",
  "stream",
  "max_tokens",
  "system",
  "tools",
]);

/**
 * Writes the extra fields of a client of this API as they are, since it rejects what it does not know itself.
 * Those of other clients are added to `dropped`.
 */
export function writeExtra(body: JsonObject, request: ChatRequest, dropped: string[]): void {
  const { dialect, fields = {}, details = {} } = request.extra ?? {};
  if (dialect !== "anthropic") dropped.push(...Object.keys(details));
  for (const [name, value] of Object.entries(fields)) {
    const sent = name === "context_management" ? withoutNeedlessClearing(value, body["thinking"]) : value;
    if (dialect !== "anthropic" || OWN_FIELDS.has(name) || sent === undefined) dropped.push(name);
    // Clients choose the names; assigning to `__proto__` would not create a field.
    else Object.defineProperty(body, name, { value: sent, enumerable: true, writable: true });
  }
}

export function writeMetadata(body: JsonObject, request: ChatRequest): void {
  const user: JsonObject = request.user === undefined ? {} : { user_id: request.user };
  const metadata = { ...user, ...nativeDetails(request, "metadata") };
  if (Object.keys(metadata).length > 0) body["metadata"] = metadata;
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
