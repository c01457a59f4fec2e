/** A strip of a page, from its left to its right edge, in points. */
export type Strip = { left: number; right: number };

/** What two lists of strips have in common, if it is at least so wide. Both lists ascend, as does the result. */
export function commonStrips(some: readonly Strip[], others: readonly Strip[], minWidth: number): Strip[] {
  const common: Strip[] = [];
  for (let one = 0, other = 0; one < some.length && other < others.length; ) {
    const [a, b] = [some[one] as Strip, others[other] as Strip];
    const [left, right] = [Math.max(a.left, b.left), Math.min(a.right, b.right)];
    if (right - left >= minWidth) common.push({ left, right });
    if (a.right < b.right) one += 1;
    else other += 1;
  }
  return common;
}

/** What is free beside and between texts of one line. */
export function freeStrips(texts: readonly Strip[]): Strip[] {
  const free: Strip[] = [];
  let end = Number.NEGATIVE_INFINITY;
  for (const { left, right } of texts.toSorted((a, b) => a.left - b.left)) {
    if (left > end) free.push({ left: end, right: left });
    end = Math.max(end, right);
  }
  free.push({ left: end, right: Number.POSITIVE_INFINITY });
  return free;
}

/** How many strips end before a place: with gutters, the column at that place. */
export function countBefore(strips: readonly Strip[], place: number): number {
  let [low, high] = [0, strips.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    const strip = strips[middle] as Strip;
    if ((strip.left + strip.right) / 2 <= place) low = middle + 1;
    else high = middle;
  }
  return low;
}
