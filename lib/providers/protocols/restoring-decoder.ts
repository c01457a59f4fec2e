import type { ChatEvent } from "#lib/chat/events.ts";
import type {
  ArgumentRestorer,
  Decoder,
  ToolRestoration,
  ToolRestorations,
} from "#lib/providers/protocols/protocol.ts";
import { WrappedDecoder } from "#lib/providers/protocols/wrapped-decoder.ts";

type ToolCallEvent = ChatEvent & { type: "tool_call" };

/** Gives the calls of renamed tools their client's name and arguments; other events pass. */
export function restoringDecoder(decoder: Decoder, restorations: ToolRestorations | undefined): Decoder {
  if (restorations === undefined || restorations.size === 0) return decoder;
  return new RestoringDecoder(decoder, restorations);
}

class RestoringDecoder extends WrappedDecoder {
  readonly #restorations: ToolRestorations;
  /** The calls whose arguments are rewritten, by choice and index. */
  readonly #calls = new Map<string, { first: ToolCallEvent; restorer: ArgumentRestorer }>();

  constructor(inner: Decoder, restorations: ToolRestorations) {
    super(inner);
    this.#restorations = restorations;
  }

  push(data: string, event: string | undefined, out: ChatEvent[]): void {
    const from = out.length;
    this.inner.push(data, event, out);
    this.#restore(from, out);
  }

  end(out: ChatEvent[]): void {
    const from = out.length;
    this.inner.end(out);
    this.#restore(from, out);
    const finish = out.findIndex(({ type }, index) => index >= from && type === "finish");
    out.splice(finish === -1 ? out.length : finish, 0, ...this.#rest());
  }

  /** Rewrites the calls among the events from `from` on. */
  #restore(from: number, out: ChatEvent[]): void {
    for (let index = from; index < out.length; index++) {
      const event = out[index];
      if (event?.type === "tool_call") out[index] = this.#restored(event);
    }
  }

  #restored(event: ToolCallEvent): ToolCallEvent {
    const key = `${event.choice ?? 0} ${event.index}`;
    const known = this.#calls.get(key);
    if (known !== undefined) {
      const { custom } = known.first;
      const piece = { ...event, arguments: known.restorer.push(event.arguments) };
      // On every fragment: clients get other field names for custom calls.
      return custom === undefined ? piece : { ...piece, custom };
    }
    const restoration = event.name === undefined ? undefined : this.#restorations.get(event.name);
    if (restoration === undefined) return event;
    const restorer = restoration.createArguments?.();
    const named = withTool(event, restoration);
    if (restorer === undefined) return named;
    this.#calls.set(key, { first: named, restorer });
    return { ...named, arguments: restorer.push(event.arguments) };
  }

  /** What the calls still hold back. */
  #rest(): ToolCallEvent[] {
    const rest: ToolCallEvent[] = [];
    for (const { first, restorer } of this.#calls.values()) {
      const piece = restorer.end();
      if (piece === "") continue;
      const { index, choice, custom } = first;
      rest.push({
        type: "tool_call",
        index,
        arguments: piece,
        ...(choice === undefined ? {} : { choice }),
        ...(custom === undefined ? {} : { custom }),
      });
    }
    this.#calls.clear();
    return rest;
  }
}

function withTool(event: ToolCallEvent, { name, custom }: ToolRestoration): ToolCallEvent {
  return custom === true ? { ...event, name, custom } : { ...event, name };
}
