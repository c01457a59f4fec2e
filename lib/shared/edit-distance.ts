/**
 * The number of insertions, deletions, replacements and swaps of adjacent characters between two texts.
 * Returns `max + 1` as soon as the distance is certain to exceed `max`.
 */
export function editDistance(from: string, to: string, max: number): number {
  if (Math.abs(from.length - to.length) > max) return max + 1;
  let before: number[] = [];
  let last = Array.from({ length: to.length + 1 }, (_, index) => index);
  for (let row = 1; row <= from.length; row++) {
    const current = [row];
    for (let column = 1; column <= to.length; column++) {
      const cost = from[row - 1] === to[column - 1] ? 0 : 1;
      let distance = Math.min(
        (last[column] ?? max) + 1,
        (current[column - 1] ?? max) + 1,
        (last[column - 1] ?? max) + cost,
      );
      const isSwap = from[row - 1] === to[column - 2] && from[row - 2] === to[column - 1];
      if (row > 1 && column > 1 && isSwap) distance = Math.min(distance, (before[column - 2] ?? max) + 1);
      current.push(distance);
    }
    if (Math.min(...current) > max) return max + 1;
    before = last;
    last = current;
  }
  return Math.min(last[to.length] ?? max + 1, max + 1);
}
