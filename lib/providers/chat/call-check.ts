import type { ChatEvent } from "#lib/chat/events.ts";
import { EngineFailure } from "#lib/providers/failures/failure.ts";
import { isJsonObject, parseJson } from "#lib/shared/json.ts";

type Call = { choice: number; arguments: string; custom: boolean };

/**
 * Finds the calls of an answer whose arguments cannot be read as JSON. They must never be run, least of all
 * without arguments: where the client has not seen them they are left out, and the answer ends as one that
 * reached its length limit, after which clients do not run the last call.
 */
export class CallCheck {
  readonly #calls = new Map<string, Call>();

  note(event: ChatEvent): void {
    if (event.type !== "tool_call") return;
    const key = keyOf(event);
    const call = this.#calls.get(key);
    if (call === undefined) {
      const { choice = 0, arguments: text, custom = false } = event;
      this.#calls.set(key, { choice, arguments: text, custom });
    } else call.arguments += event.arguments;
  }

  /** The keys of the calls that cannot be read; called once, at the end. */
  broken(): ReadonlySet<string> {
    if (this.#calls.size === 0) return NONE;
    const broken = [...this.#calls].filter(([, call]) => !isReadable(call));
    return broken.length === 0 ? NONE : new Set(broken.map(([key]) => key));
  }
}

const NONE: ReadonlySet<string> = new Set();

/** The events with an honest finish for the choices that have a broken call. */
export function withHonestFinish(events: readonly ChatEvent[], broken: ReadonlySet<string>): ChatEvent[] {
  const choices = new Set([...broken].map((key) => Number(key.split("/")[0])));
  return events.map((event) =>
    event.type === "finish" && choices.has(event.choice ?? 0) && isGood(event.reason)
      ? { ...event, reason: "length" }
      : event,
  );
}

/**
 * The events of a whole answer without its broken calls. Throws `EngineFailure` if nothing else was in it and
 * the engine did not reach a limit: another engine can do better.
 */
export function withoutCalls(events: readonly ChatEvent[], broken: ReadonlySet<string>): ChatEvent[] {
  const indexes = new Map<string, number>();
  const counts = new Map<number, number>();
  const left: ChatEvent[] = [];
  for (const event of events) {
    if (event.type !== "tool_call") {
      left.push(event);
      continue;
    }
    const key = keyOf(event);
    if (broken.has(key)) continue;
    const choice = event.choice ?? 0;
    const index = indexes.get(key) ?? counts.get(choice) ?? 0;
    if (!indexes.has(key)) counts.set(choice, index + 1);
    indexes.set(key, index);
    left.push({ ...event, index });
  }
  const hasMore = left.some((event) => event.type !== "finish" && event.type !== "sources");
  const isLimited = events.some((event) => event.type === "finish" && !isGood(event.reason));
  if (!hasMore && !isLimited) {
    throw new EngineFailure({ kind: "no_answer", reason: "The model's tool call could not be read." });
  }
  return left;
}

function keyOf({ choice = 0, index }: ChatEvent & { type: "tool_call" }): string {
  return `${choice}/${index}`;
}

function isGood(reason: string): boolean {
  return reason === "stop" || reason === "tool_calls";
}

function isReadable({ arguments: text, custom }: Call): boolean {
  if (custom || text.trim() === "") return true;
  const value = parseJson(text);
  return value === null || isJsonObject(value);
}
