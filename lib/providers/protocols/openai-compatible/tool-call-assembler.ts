import type { ChatEvent } from "#lib/chat/events.ts";
import { argumentText } from "#lib/providers/protocols/argument-text.ts";
import type { CallIds } from "#lib/providers/protocols/call-ids.ts";
import { assertToolCalls } from "#lib/providers/protocols/counts.ts";
import { CallSlot } from "#lib/providers/protocols/openai-compatible/call-slot.ts";
import { field, isJsonObject } from "#lib/shared/json.ts";

type Fragment = {
  index: number | undefined;
  id: string;
  name: string;
  args: string;
  custom: boolean;
};

/**
 * Turns what providers send as `tool_calls` into well-formed fragments. They deviate in many ways: indexes
 * that start at 1, are missing or 0 for all calls; ids that are empty, sent once or the same for several
 * calls; names repeated, or as ""; arguments as an object, sent whole, or once more at the end; several calls'
 * arguments under one index.
 */
export class ToolCallAssembler {
  readonly #slots: CallSlot[] = [];
  readonly #byIndex = new Map<number, CallSlot>();
  readonly #byId = new Map<string, CallSlot>();
  readonly #ids: CallIds;
  readonly #choice: number;
  #started = 0;

  constructor(ids: CallIds, choice: number) {
    this.#ids = ids;
    this.#choice = choice;
  }

  /** Whether a call has begun, which needs a name. */
  get any(): boolean {
    return this.#started > 0;
  }

  /** How many calls there are, including those without a name so far. */
  get size(): number {
    return this.#slots.length;
  }

  /** A fragment of a call in a stream. */
  push(raw: unknown, out: ChatEvent[]): void {
    const fragment = readFragment(raw);
    if (fragment === undefined) return;
    const known = this.#known(fragment);
    if (known === undefined) return this.#begin(fragment, out);
    switch (roleOf(fragment, known)) {
      case "begins":
        return this.#begin(fragment, out);
      case "continues":
        return this.#append(known, fragment, out);
      case "repeats":
        return;
    }
  }

  /** A whole call of an answer that is not streamed. */
  pushWhole(raw: unknown, out: ChatEvent[]): void {
    const fragment = readFragment(raw);
    if (fragment !== undefined) this.#begin(fragment, out);
  }

  /** Drops calls without a name; a function call without arguments gets `{}`. */
  end(out: ChatEvent[]): void {
    for (const slot of this.#slots) {
      const rest = slot.index === undefined ? "" : slot.rest();
      if (rest !== "") this.#emit(slot, rest, out);
    }
  }

  /** The call that the fragment belongs to, if it does not begin one. */
  #known({ index, id, name, args }: Fragment): CallSlot | undefined {
    const last = this.#slots.at(-1);
    const sameId = id === "" ? undefined : this.#byId.get(id);
    if (index !== undefined) {
      // An index that counts fragments: the id tells to which call they belong.
      return this.#byIndex.get(index) ?? (name === "" && args !== "" ? sameId : undefined);
    }
    if (id === "") return last;
    // An id that changes with every fragment says nothing.
    return sameId ?? (name === "" && args !== "" ? last : undefined);
  }

  #begin(fragment: Fragment, out: ChatEvent[]): void {
    this.#append(this.#open(fragment), fragment, out);
  }

  #open({ index, id, custom }: Fragment): CallSlot {
    const slot = new CallSlot(id, this.#ids.claim(id), custom);
    this.#slots.push(slot);
    if (index !== undefined) this.#byIndex.set(index, slot);
    if (id !== "") this.#byId.set(id, slot);
    return slot;
  }

  #append(slot: CallSlot, fragment: Fragment, out: ChatEvent[]): void {
    if (slot.name === "") slot.name = fragment.name;
    if (slot.name === "") {
      slot.waiting += fragment.args;
      return;
    }
    const piece = slot.waiting + fragment.args;
    slot.waiting = "";
    const { own, next } = slot.take(piece);
    if (slot.index === undefined || own !== "") this.#emit(slot, own, out);
    // Another object is another call of the same tool.
    if (next === undefined) return;
    assertToolCalls(this.#slots.length);
    this.#begin({ ...fragment, id: "", name: slot.name, args: next }, out);
  }

  #emit(slot: CallSlot, fragment: string, out: ChatEvent[]): void {
    const begins = slot.index === undefined;
    slot.index ??= this.#started++;
    const event: ChatEvent & { type: "tool_call" } = {
      type: "tool_call",
      index: slot.index,
      arguments: fragment,
    };
    if (begins) {
      event.id = slot.id;
      event.name = slot.name;
    }
    // On every fragment: clients get other field names for custom calls.
    if (slot.custom) event.custom = true;
    if (this.#choice !== 0) event.choice = this.#choice;
    out.push(event);
  }
}

/** What a fragment is to the call with its index or its id. */
function roleOf({ id, name, args }: Fragment, known: CallSlot): "begins" | "continues" | "repeats" {
  if (name === "" || known.name === "") return "continues";
  // The same index with another id is another call (Gemini's compatible endpoint).
  if (name !== known.name || (id !== "" && id !== known.rawId)) return "begins";
  if (known.custom || !known.isComplete || args.trim() === "") return "continues";
  const hasId = id !== "";
  if (known.isEmpty) return hasId ? "continues" : "begins";
  if (known.hasArguments(args)) return hasId || known.wasStreamed ? "repeats" : "begins";
  return args.trimStart().startsWith("{") ? "begins" : "continues";
}

function readFragment(raw: unknown): Fragment | undefined {
  if (!isJsonObject(raw)) return undefined;
  const custom = isJsonObject(raw["custom"]);
  const fn = custom ? raw["custom"] : raw["function"];
  const { index } = raw;
  return {
    index: typeof index === "number" ? index : undefined,
    id: text(raw["id"]),
    name: text(field(fn, "name")),
    args: argumentText(field(fn, custom ? "input" : "arguments")),
    custom,
  };
}

function text(value: unknown): string {
  return typeof value === "string" ? value : "";
}
