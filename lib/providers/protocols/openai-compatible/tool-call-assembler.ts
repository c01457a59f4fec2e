import type { ChatEvent } from "#lib/chat/events.ts";
import { assertWritable } from "#lib/providers/protocols/depth.ts";
import { field, isJsonObject } from "#lib/shared/json.ts";

type Slot = {
  /** Index in the events: consecutive, in the order in which calls begin; undefined before that. */
  index: number | undefined;
  id: string;
  name: string;
  /** Arguments that arrived before the name. */
  waiting: string;
  hasArguments: boolean;
  custom: boolean;
};

/**
 * Turns what providers send as `tool_calls` into well-formed fragments. They deviate in many ways: indexes
 * that start at 1 or are missing, ids that are empty or sent once, names repeated as "", arguments as an
 * object, calls sent whole.
 */
export class ToolCallAssembler {
  readonly #slots: Slot[] = [];
  readonly #byIndex = new Map<number, Slot>();
  readonly #byId = new Map<string, Slot>();
  readonly #newId: () => string;
  readonly #choice: number;
  #started = 0;

  constructor(newId: () => string, choice: number) {
    this.#newId = newId;
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

  push(fragment: unknown, out: ChatEvent[]): void {
    if (!isJsonObject(fragment)) return;
    const isCustom = isJsonObject(fragment["custom"]);
    const fn = isCustom ? fragment["custom"] : fragment["function"];
    const id = text(fragment["id"]);
    const name = text(field(fn, "name"));
    const slot = this.#slotFor(fragment["index"], id, name, isCustom);
    if (slot.name === "") slot.name = name;
    this.#append(slot, argumentText(field(fn, isCustom ? "input" : "arguments")), out);
  }

  /** Drops calls without a name; a function call without arguments gets `{}`. */
  end(out: ChatEvent[]): void {
    for (const slot of this.#slots) {
      if (slot.index !== undefined && !slot.hasArguments && !slot.custom) this.#emit(slot, "{}", out);
    }
  }

  #slotFor(rawIndex: unknown, id: string, name: string, custom: boolean): Slot {
    const index = typeof rawIndex === "number" ? rawIndex : undefined;
    if (index === undefined) {
      const same = id === "" ? undefined : this.#byId.get(id);
      const last = this.#slots.at(-1);
      if (same !== undefined) return same;
      return id === "" && name === "" && last !== undefined ? last : this.#open(id, custom);
    }
    const known = this.#byIndex.get(index);
    // The same index with another id and a name is another call (Gemini's compatible endpoint).
    const isAnother =
      known !== undefined && id !== "" && name !== "" && id !== known.id && known.index !== undefined;
    if (known !== undefined && !isAnother) return known;
    const slot = this.#open(id, custom);
    this.#byIndex.set(index, slot);
    return slot;
  }

  #open(id: string, custom: boolean): Slot {
    const slot: Slot = {
      index: undefined,
      id: id === "" ? this.#newId() : id,
      name: "",
      waiting: "",
      hasArguments: false,
      custom,
    };
    this.#slots.push(slot);
    // Of several calls with one id, the first counts.
    if (!this.#byId.has(slot.id)) this.#byId.set(slot.id, slot);
    return slot;
  }

  #append(slot: Slot, fragment: string, out: ChatEvent[]): void {
    if (slot.name === "") {
      slot.waiting += fragment;
      return;
    }
    const ready = slot.waiting + fragment;
    slot.waiting = "";
    if (slot.index !== undefined && ready === "") return;
    this.#emit(slot, ready, out);
  }

  #emit(slot: Slot, fragment: string, out: ChatEvent[]): void {
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
    if (fragment !== "") slot.hasArguments = true;
    if (this.#choice !== 0) event.choice = this.#choice;
    out.push(event);
  }
}

function text(value: unknown): string {
  return typeof value === "string" ? value : "";
}

/** Arguments as JSON text. Ollama and some proxies send an object. */
function argumentText(value: unknown): string {
  if (typeof value === "string") return value;
  if (value === undefined || value === null) return "";
  assertWritable(value);
  return JSON.stringify(value);
}
