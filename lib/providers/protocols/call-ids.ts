/**
 * The ids of an answer's tool calls, unique in the conversation: an id that the engine repeats, or that the
 * history already has, is replaced. Results could not be matched with their calls otherwise.
 */
export class CallIds {
  readonly #newId: () => string;
  readonly #isUsed: (id: string) => boolean;
  readonly #given = new Set<string>();

  /** @param isUsed whether the history has a call with this id. */
  constructor({ newId, isUsedId }: { newId: () => string; isUsedId?: (id: string) => boolean }) {
    this.#newId = newId;
    this.#isUsed = isUsedId ?? (() => false);
  }

  /** The id of a new call, which the engine gave this one, or none (`""`). */
  claim(id: string): string {
    let unique = id;
    while (unique === "" || this.#given.has(unique) || this.#isUsed(unique)) unique = this.#newId();
    this.#given.add(unique);
    return unique;
  }
}
