/** Ranges that are named; there may be thousands. */
const MAX_RANGES = 20;

/** `Page 7`, `Pages 2, 4–6 and 9`. Numbers ascend. */
export function pageList(numbers: readonly number[]): string {
  const ranges: { first: number; last: number }[] = [];
  for (const number of numbers) {
    const range = ranges.at(-1);
    if (range?.last === number - 1) range.last = number;
    else ranges.push({ first: number, last: number });
  }
  const names = ranges
    .slice(0, MAX_RANGES)
    .map(({ first, last }) =>
      first === last ? `${first}` : last === first + 1 ? `${first}, ${last}` : `${first}–${last}`,
    )
    .flatMap((name) => name.split(", "));
  if (ranges.length > MAX_RANGES) names.push("others");
  const last = names.pop() ?? "";
  return names.length === 0
    ? `Page${last.includes("–") ? "s" : ""} ${last}`
    : `Pages ${names.join(", ")} and ${last}`;
}
