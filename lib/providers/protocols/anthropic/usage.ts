import { readUsage, type TokenCounts, type TokenUsage, tokenCount } from "#lib/chat/usage.ts";
import { isWritable } from "#lib/providers/protocols/depth.ts";
import { arrayField, field, isJsonObject, type JsonObject } from "#lib/shared/json.ts";

/** The counts of one answer. They are cumulative, and the last ones win: the input may be revised upwards. */
export class UsageCounts {
  readonly #counts: Record<string, number> = {};
  #serverToolUse: JsonObject | undefined;
  #compactions: readonly TokenCounts[] = [];

  read(usage: unknown): void {
    if (!isJsonObject(usage)) return;
    const created = usage["cache_creation"];
    this.#note({
      ...usage,
      thinking_tokens: field(usage["output_tokens_details"], "thinking_tokens"),
      written_5m: field(created, "ephemeral_5m_input_tokens"),
      written_1h: field(created, "ephemeral_1h_input_tokens"),
    });
    const compactions = arrayField(usage, "iterations").filter((one) => field(one, "type") === "compaction");
    if (compactions.length > 0) this.#compactions = compactions.slice(0, MAX_COMPACTIONS).flatMap(countsOf);
    const tools = usage["server_tool_use"];
    if (isJsonObject(tools) && isWritable(tools)) this.#serverToolUse = tools as JsonObject;
  }

  /** `input_tokens` excludes cached tokens; the whole prompt is the sum. */
  get value(): TokenUsage | undefined {
    const { input_tokens: input, output_tokens: output, written_1h: hour = 0 } = this.#counts;
    const cached = this.#counts["cache_read_input_tokens"] ?? 0;
    const written = this.#counts["cache_creation_input_tokens"] ?? (this.#counts["written_5m"] ?? 0) + hour;
    const usage = readUsage({
      prompt: input === undefined ? undefined : input + cached + written,
      completion: output,
      cached,
      cacheWrite: written,
      cacheWriteHour: hour,
      reasoning: this.#counts["thinking_tokens"],
    });
    if (usage === undefined) return undefined;
    if (this.#serverToolUse !== undefined) usage.serverToolUse = this.#serverToolUse;
    if (this.#compactions.length > 0) usage.compactions = this.#compactions;
    return usage;
  }

  #note(counts: Record<string, unknown>): void {
    for (const [name, value] of Object.entries(counts)) {
      const count = tokenCount(value);
      // Proxies that count at one end alone write a zero at the other.
      if (count !== undefined) this.#counts[name] = count === 0 ? (this.#counts[name] ?? 0) : count;
    }
  }
}

/** Compactions of one answer; more are a mistake. */
const MAX_COMPACTIONS = 100;

/** The counts of one run that is billed beside the answer; none if it has no counts. */
function countsOf(run: unknown): TokenCounts[] {
  const counts = new UsageCounts();
  counts.read(run);
  const { value } = counts;
  if (value === undefined) return [];
  const { source: _, missing: __, ...rest } = value;
  return [rest];
}
