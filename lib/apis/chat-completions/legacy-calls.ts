/**
 * Ids for calls in the older `function_call` form, which has none. A result names only its function and
 * belongs to the earliest call of it without a result.
 */
export class LegacyCalls {
  readonly #open = new Map<string, { ids: string[]; answered: number }>();
  #count = 0;

  /** The id of a new call. */
  called(name: string): string {
    const id = `function_call_${this.#count++}`;
    const open = this.#open.get(name);
    if (open === undefined) this.#open.set(name, { ids: [id], answered: 0 });
    else open.ids.push(id);
    return id;
  }

  /** The id of the call that this result belongs to; the name if there is no such call. */
  answered(name: string): string {
    const open = this.#open.get(name);
    return open?.ids[open.answered++] ?? name;
  }
}
