import type { JSONRPCMessage, StreamableHTTPClientTransport } from "@modelcontextprotocol/client";
import { BoundedMap } from "#lib/shared/bounded-map.ts";
import { field, isJsonObject } from "#lib/shared/json.ts";

/** Codes of errors with which requests end here, among those that JSON-RPC leaves to implementations. */
export const ENDED = {
  /** The answer ended before the result. */
  brokeOff: -32_096,
  /** The answer exceeds what is taken. */
  tooLarge: -32_097,
  /** The tool wants to be told more. */
  inputRequired: -32_098,
} as const;

/** Where the result of a call is in the `_meta` of what the official client returns. */
const RAW_RESULT = "sarmalink/result";

/** Requests of one connection that are remembered: those that have no answer yet. */
const MAX_REMEMBERED = 1_000;
/** The longest answer to a handshake, as JSON, characters. */
const MAX_HANDSHAKE = 100_000;
/** What a server may say unasked. Progress and log lines are of no use here. */
const NOTIFICATIONS = new Set([
  "notifications/tools/list_changed",
  "notifications/subscriptions/acknowledged",
  "notifications/cancelled",
]);

type Transport = Pick<StreamableHTTPClientTransport, "send" | "onmessage">;
type Sent = { method: string; givenUp: AbortController };

/**
 * Stands between the official client and its transport: a request whose answer breaks off fails at once (not after its
 * time-out), one that is given up is closed, and what a server says reaches the client's own checks only where these
 * are quick. Of a result with a hundred thousand wrong blocks they take seconds, in which nobody else is served.
 *
 * @param codeOfEnd why an answer ended, if it was without a result.
 */
export function guardMessages(transport: Transport, codeOfEnd: () => number): void {
  const sent = new BoundedMap<unknown, Sent>(MAX_REMEMBERED);
  guardReceiving(transport, sent);
  const send = transport.send.bind(transport);
  transport.send = async (message, options = {}) => {
    if (Array.isArray(message) || !("method" in message)) return send(message, options);
    const { method } = message;
    if (!("id" in message)) {
      if (method === "notifications/cancelled") {
        sent.get(field(message.params, "requestId"))?.givenUp.abort();
      }
      return send(message, options);
    }
    const { id } = message;
    const givenUp = new AbortController();
    sent.set(id, { method, givenUp });
    return send(message, {
      ...options,
      requestSignal: options.requestSignal ?? givenUp.signal,
      onRequestStreamEnd() {
        options.onRequestStreamEnd?.();
        // Heeded only if the request has no answer yet.
        transport.onmessage?.(failed(id, codeOfEnd()));
      },
    });
  };
}

/** The client's own handler, which it sets when it connects, gets messages that have been looked at. */
function guardReceiving(transport: Transport, sent: BoundedMap<unknown, Sent>): void {
  let guarded: Transport["onmessage"];
  Object.defineProperty(transport, "onmessage", {
    get: () => guarded,
    set: (handler: Transport["onmessage"]) => {
      guarded =
        handler &&
        ((message) => {
          const kept = keptOf(message, sent);
          if (kept !== undefined) handler(kept);
        });
    },
  });
}

function keptOf(message: JSONRPCMessage, sent: BoundedMap<unknown, Sent>): JSONRPCMessage | undefined {
  if ("method" in message) {
    return "id" in message || NOTIFICATIONS.has(message.method) ? message : undefined;
  }
  if (!("result" in message)) {
    sent.delete(message.id);
    return message;
  }
  const { id, result } = message;
  const method = sent.get(id)?.method;
  // A slow call would be forgotten for a thousand quick ones, and its result with it.
  sent.delete(id);
  switch (method) {
    case "tools/list":
      return message;
    case "tools/call":
      return keptCall(message, result);
    default:
      return JSON.stringify(result).length > MAX_HANDSHAKE ? failed(id, ENDED.tooLarge) : message;
  }
}

/** The result of a call, hidden from the client's checks: it is read by `readResult`. */
function keptCall(
  message: Extract<JSONRPCMessage, { result: unknown }>,
  result: Record<string, unknown>,
): JSONRPCMessage {
  const { resultType } = result;
  if (resultType === "input_required") return failed(message.id, ENDED.inputRequired);
  const kind = resultType === undefined ? {} : { resultType: String(resultType) };
  return { ...message, result: { ...kind, content: [], _meta: { [RAW_RESULT]: result } } };
}

function failed(id: string | number, code: number): JSONRPCMessage {
  return { jsonrpc: "2.0", id, error: { code, message: "The answer broke off." } };
}

/** The result of a call, from what the official client returned; undefined if it was not kept. */
export function rawResult(returned: unknown): Record<string, unknown> | undefined {
  const raw = field(field(returned, "_meta"), RAW_RESULT);
  return isJsonObject(raw) ? raw : undefined;
}
