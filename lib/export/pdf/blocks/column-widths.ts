/** What the cells of a column need, points: its widest word, and its widest line. */
export type ColumnNeeds = { narrowest: number; natural: number };

/** Words wider than this may be broken, rather than take the room of other columns. */
const MAX_NARROWEST = 96;
const MIN_COLUMN = 26;

/** The width of each column, padding included, in so much room. `needs` have their padding too. */
export function columnWidths(needs: readonly ColumnNeeds[], room: number): number[] {
  const natural = needs.map((column) => Math.max(MIN_COLUMN, column.natural));
  if (sum(natural) <= room) return natural;
  const narrowest = needs.map(narrowestOf);
  const extra = room - sum(narrowest);
  if (extra <= 0) return narrowest.map((width) => (width * room) / sum(narrowest));
  const wishes = natural.map((width, index) => Math.max(0, width - (narrowest[index] ?? 0)));
  // Room goes first to the columns that need little of it, so that short ones stay on one line.
  return shareOut(narrowest, wishes, extra);
}

/** The least that a column can do with. */
export function narrowestOf({ narrowest }: ColumnNeeds): number {
  return Math.max(MIN_COLUMN, Math.min(narrowest, MAX_NARROWEST));
}

/** Gives every column the same part of the extra room, or as much of it as it wishes. */
function shareOut(base: readonly number[], wishes: readonly number[], extra: number): number[] {
  const widths = [...base];
  const order = wishes.map((wish, index) => ({ wish, index })).sort((a, b) => a.wish - b.wish);
  let left = extra;
  for (const [place, { wish, index }] of order.entries()) {
    const given = Math.min(wish, left / (order.length - place));
    widths[index] = (widths[index] ?? 0) + given;
    left -= given;
  }
  return widths;
}

/**
 * Columns that fit beside each other, by their indices. The first column begins each group, so that a reader knows
 * which row is which.
 */
export function columnGroups(needs: readonly ColumnNeeds[], room: number): number[][] {
  const [first, ...others] = needs.map(narrowestOf);
  if (first === undefined) return [];
  const groups: number[][] = [[0]];
  let used = first;
  for (const [place, width] of others.entries()) {
    if (used + width > room && (groups.at(-1)?.length ?? 0) > 1) {
      groups.push([0]);
      used = first;
    }
    groups.at(-1)?.push(place + 1);
    used += width;
  }
  return groups;
}

export function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
