import type { ChatEvent } from "#lib/chat/events.ts";
import { isWritable } from "#lib/providers/protocols/depth.ts";
import { isJsonObject, type JsonObject, type JsonValue } from "#lib/shared/json.ts";
import { parseJsonObject } from "#lib/shared/json-depth.ts";

/**
 * A block that is passed on unread: tools that run at the provider (`server_tool_use`, `mcp_tool_use`), their
 * results, and whatever the API adds. Its deltas are folded into it, so that it is passed on whole.
 */
export class UnreadBlock {
  readonly #value: Record<string, unknown>;
  /** The input of a tool, as JSON text. */
  #input = "";

  constructor(block: Record<string, unknown>) {
    this.#value = { ...block };
  }

  push(delta: unknown): void {
    if (!isJsonObject(delta)) return;
    const { type, partial_json: json, citation, ...fields } = delta;
    if (type === "input_json_delta") {
      if (typeof json === "string") this.#input += json;
      return;
    }
    if (citation !== undefined) this.#append("citations", [citation]);
    for (const [name, value] of Object.entries(fields)) this.#append(name, value);
  }

  /** The complete block; undefined if it cannot be passed on. */
  end(): (ChatEvent & { type: "block" }) | undefined {
    const input = this.#input === "" ? undefined : parseJsonObject(this.#input);
    const value = input === undefined ? this.#value : { ...this.#value, input };
    return isWritable(value)
      ? { type: "block", dialect: "anthropic", value: value as JsonObject }
      : undefined;
  }

  /** Texts and lists grow; anything else is replaced. */
  #append(name: string, value: unknown): void {
    const before = this.#value[name];
    if (typeof before === "string" && typeof value === "string") this.#value[name] = before + value;
    else if (Array.isArray(before) && Array.isArray(value)) {
      this.#value[name] = [...(before as JsonValue[]), ...(value as JsonValue[])];
    } else this.#value[name] = value;
  }
}
