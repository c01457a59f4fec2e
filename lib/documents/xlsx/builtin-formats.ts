/** A code that `format-number.ts` shows without a format. */
export const GENERAL = "General";

/**
 * Formats that files name by number alone (ECMA-376 part 1, 18.8.30). Excel shows 14 and 22 in the manner of the
 * reader's country, so they are written here in the way that no country reads otherwise.
 */
const CODES: Readonly<Record<number, string>> = {
  1: "0",
  2: "0.00",
  3: "#,##0",
  4: "#,##0.00",
  5: "$#,##0;($#,##0)",
  6: "$#,##0;($#,##0)",
  7: "$#,##0.00;($#,##0.00)",
  8: "$#,##0.00;($#,##0.00)",
  9: "0%",
  10: "0.00%",
  11: "0.00E+00",
  12: "# ?/?",
  13: "# ??/??",
  14: "yyyy-mm-dd",
  15: "d-mmm-yy",
  16: "d-mmm",
  17: "mmm-yy",
  18: "h:mm AM/PM",
  19: "h:mm:ss AM/PM",
  20: "h:mm",
  21: "h:mm:ss",
  22: "yyyy-mm-dd h:mm",
  37: "#,##0;(#,##0)",
  38: "#,##0;(#,##0)",
  39: "#,##0.00;(#,##0.00)",
  40: "#,##0.00;(#,##0.00)",
  41: '#,##0;-#,##0;"-"',
  42: '$#,##0;-$#,##0;"-"',
  43: '#,##0.00;-#,##0.00;"-"',
  44: '$#,##0.00;-$#,##0.00;"-"',
  45: "mm:ss",
  46: "[h]:mm:ss",
  47: "mm:ss.0",
  48: "##0.0E+0",
  49: "@",
};

/** Dates and times of East Asian editions, by their first and last numbers. */
const EAST_ASIAN_DATES: readonly (readonly [first: number, last: number])[] = [
  [27, 31],
  [36, 36],
  [50, 54],
  [57, 58],
];

export function builtinFormat(id: number): string {
  const code = CODES[id];
  if (code !== undefined) return code;
  if (EAST_ASIAN_DATES.some(([first, last]) => id >= first && id <= last)) return "yyyy-mm-dd";
  return (id >= 32 && id <= 35) || id === 55 || id === 56 ? "h:mm:ss" : GENERAL;
}
