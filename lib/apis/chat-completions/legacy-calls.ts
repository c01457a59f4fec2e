/**
 * Ids for calls of the older form, which has none: a result names its function alone, and is that of the
 * earliest call of it that has no result yet.
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

  /** The id of the call that this is the result of; the name, where there was no such call. */
  answered(name: string): string {
    const open = this.#open.get(name);
    return open?.ids[open.answered++] ?? name;
  }
}
