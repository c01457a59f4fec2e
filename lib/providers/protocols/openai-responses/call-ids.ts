import { hash32 } from "#lib/shared/text.ts";

/** The longest `call_id` that OpenAI accepts, characters. */
const MAX_ID = 64;

/** Ids of calls that the API accepts: short enough, and each used once in a conversation. */
export class CallIds {
  readonly #used = new Set<string>();

  /** The id for the next call that the client calls `id`; the same in every request of a conversation. */
  forCall(id: string): string {
    const wanted = id === "" ? "call" : id;
    let free = wanted.length <= MAX_ID ? wanted : shortened(wanted, "");
    for (let attempt = 2; this.#used.has(free); attempt++) free = shortened(wanted, `_${attempt}`);
    this.#used.add(free);
    return free;
  }
}

function shortened(id: string, suffix: string): string {
  if (id.length + suffix.length <= MAX_ID) return id + suffix;
  const end = `_${hash32(id).toString(36)}${suffix}`;
  return id.slice(0, MAX_ID - end.length) + end;
}
