import { ObjectEnd } from "#lib/providers/protocols/openai-compatible/object-end.ts";
import { parseJson } from "#lib/shared/json.ts";

/** What the arguments that arrived are. */
export type Taken = {
  /** Arguments of this call. */
  own: string;
  /** The beginning of another call's arguments, behind the complete ones of this call. */
  next?: string;
};

/** Arguments that say nothing. */
const NOTHING = /^\s*(?:\{\s*\}|null)\s*$/;

/** One call of an answer, as far as it has arrived. */
export class CallSlot {
  /** As the engine wrote it, to recognise the fragments of this call. */
  readonly rawId: string;
  /** As the client gets it. */
  readonly id: string;
  readonly custom: boolean;
  /** Index in the events: consecutive, in the order in which calls begin; undefined before that. */
  index: number | undefined;
  name = "";
  /** Arguments that arrived before the name. */
  waiting = "";
  #written = "";
  /** `{}` or `null`, which some proxies send before the arguments; `{}` is passed on if nothing else comes. */
  #empty = "";
  readonly #end = new ObjectEnd();
  #pieces = 0;
  /** How much of the complete arguments has arrived once more, in characters. */
  #repeated = 0;
  /** Something else than JSON arrived behind the arguments. */
  #hasNoise = false;

  constructor(rawId: string, id: string, custom: boolean) {
    this.rawId = rawId;
    this.id = id;
    this.custom = custom;
  }

  /** The arguments are a whole JSON object. */
  get isComplete(): boolean {
    return this.#end.reached || this.isEmpty;
  }

  /** The arguments are `{}` so far. */
  get isEmpty(): boolean {
    return this.#empty !== "";
  }

  /** The arguments were streamed in pieces. */
  get wasStreamed(): boolean {
    return this.#pieces > 1;
  }

  hasArguments(args: string): boolean {
    if (args.trim() === this.#written.trim()) return true;
    // Told once more, written by another serialiser.
    const value = args.trimStart().startsWith("{") ? parseJson(args) : undefined;
    return value !== undefined && JSON.stringify(value) === JSON.stringify(parseJson(this.#written));
  }

  take(piece: string): Taken {
    if (this.custom || this.#hasNoise) {
      this.#written += piece;
      return { own: piece };
    }
    if (this.#end.reached) return this.#takeBehind(piece);
    if (this.#written === "") {
      if (piece.trim() === "") return { own: "" };
      if (NOTHING.test(piece)) {
        this.#empty = piece.trim() === "null" ? "{}" : piece;
        return { own: "" };
      }
    }
    const own = piece.slice(0, this.#end.read(piece));
    if (own === "") return { own };
    this.#written += own;
    this.#empty = "";
    this.#pieces++;
    const behind = this.#takeBehind(piece.slice(own.length));
    return { ...behind, own: own + behind.own };
  }

  /** The arguments that are missing at the end of the answer. */
  rest(): string {
    if (this.custom || this.#written !== "") return "";
    return this.#empty === "" ? "{}" : this.#empty;
  }

  /** Behind complete arguments comes their repetition, another call's arguments, or noise. */
  #takeBehind(piece: string): Taken {
    let behind = piece;
    while (true) {
      if (this.#repeated === 0) behind = behind.trimStart();
      if (behind === "") return { own: "" };
      const whole = this.#written;
      const left = whole.length - this.#repeated;
      if (behind.length < left && whole.startsWith(behind, this.#repeated)) {
        this.#repeated += behind.length;
        return { own: "" };
      }
      if (!behind.startsWith(whole.slice(this.#repeated))) break;
      behind = behind.slice(left);
      this.#repeated = 0;
    }
    const other = this.#written.slice(0, this.#repeated) + behind;
    this.#repeated = 0;
    if (this.hasArguments(other)) return { own: "" };
    if (other.startsWith("{")) return { own: "", next: other };
    // Passed on: the arguments are not JSON then, and nobody runs them.
    this.#hasNoise = true;
    this.#written += other;
    return { own: other };
  }
}
