import { type ChatMessage, contentText } from "#lib/chat/request.ts";
import { GatewayError } from "#lib/shared/errors.ts";
import { couldBeObject, JSON_LIMITS } from "#lib/shared/json-depth.ts";
import { JsonScan } from "#lib/shared/json-scan.ts";

/** For all texts of a conversation: about as much as a million tokens of data can hold. */
const MAX_VALUES = 600_000;
const MAX_KEYS = 100_000;
/** Less text than this, in characters, cannot hold too much JSON. */
const SHORT_TEXTS = 64 * 1024;

/**
 * Throws `invalid_request` if the JSON inside a conversation's texts has too many values or keys in total.
 * Arguments and results of tool calls are JSON in strings, which some protocols must parse. The limits for
 * the body do not cover them, and each text alone may be harmless.
 */
export function assertNestedJson(messages: readonly ChatMessage[]): void {
  const texts = messages.flatMap(jsonTexts);
  if (texts.reduce((sum, text) => sum + text.length, 0) < SHORT_TEXTS) return;
  let values = 0;
  let keys = 0;
  for (const text of texts) {
    const scan = new JsonScan(JSON_LIMITS);
    // A text that exceeds the limits alone is not parsed but passed on as text.
    scan.push(Buffer.from(text));
    values += scan.values;
    keys += scan.keys;
    if (values <= MAX_VALUES && keys <= MAX_KEYS) continue;
    throw new GatewayError(
      "invalid_request",
      `The arguments and results of the tool calls hold more than ${MAX_VALUES} JSON values or ${MAX_KEYS} keys.`,
      { details: { param: "messages" } },
    );
  }
}

/** The texts of a message that may be parsed as JSON. */
function jsonTexts(message: ChatMessage): string[] {
  if (message.role === "assistant") {
    return message.parts.flatMap((part) =>
      part.type === "tool_call" && couldBeObject(part.arguments) ? part.arguments : [],
    );
  }
  if (message.role !== "tool") return [];
  const text = contentText(message.content);
  return couldBeObject(text) ? [text] : [];
}
