/** Something that waits, with whose it is. */
export type Waiting<Owner> = { owner: Owner };

/** A queue in which owners take turns: whoever has a hundred items in it does not hold up the one of another. */
export class FairQueue<Owner, Item extends Waiting<Owner>> {
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

  /** What gives way to one more of this owner: the newest of whoever has the most, if that is more than they would have. */
  victimOf(owner: Owner): Item | undefined {
    const own = this.#owners.get(owner)?.length ?? 0;
    let busiest: Item[] = [];
    for (const items of this.#owners.values()) if (items.length > busiest.length) busiest = items;
    return busiest.length > own + 1 ? busiest.at(-1) : undefined;
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
