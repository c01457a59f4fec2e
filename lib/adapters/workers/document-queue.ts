/** Something that waits, with whose it is. */
export type Waiting<Owner extends object> = { owner: Owner };

/**
 * A queue in which owners take turns: ten files of one request do not hold up the one of another.
 */
export class FairQueue<Owner extends object, Item extends Waiting<Owner>> {
  /** In the order in which the owners have their next turn. */
  readonly #owners = new Map<Owner, Item[]>();
  #size = 0;

  get size(): number {
    return this.#size;
  }

  add(item: Item): void {
    const items = this.#owners.get(item.owner);
    if (items === undefined) this.#owners.set(item.owner, [item]);
    else items.push(item);
    this.#size += 1;
  }

  /** The next item, which leaves the queue. */
  take(): Item | undefined {
    for (const [owner, items] of this.#owners) {
      const item = items.shift();
      this.#owners.delete(owner);
      if (items.length > 0) this.#owners.set(owner, items);
      if (item === undefined) continue;
      this.#size -= 1;
      return item;
    }
    return undefined;
  }

  /** False if it is not there any more. */
  remove(item: Item): boolean {
    const items = this.#owners.get(item.owner);
    const index = items?.indexOf(item) ?? -1;
    if (items === undefined || index === -1) return false;
    items.splice(index, 1);
    if (items.length === 0) this.#owners.delete(item.owner);
    this.#size -= 1;
    return true;
  }
}
