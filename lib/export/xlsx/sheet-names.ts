const MAX_NAME = 31;
const FORBIDDEN = /[[\]:*?/\\]/g;
/** Excel keeps this name for itself. */
const RESERVED = "history";

/**
 * Names for the sheets of one workbook that Excel accepts, as close to what was asked for as possible: without
 * forbidden and invisible characters, cut to their longest length, not empty, and each once, whatever its case.
 */
export function sheetNames(wanted: readonly string[]): string[] {
  const used = new Set([RESERVED]);
  return wanted.map((name, index) => {
    const unique = uniqueName(cleanName(name) || `Sheet${index + 1}`, used);
    used.add(unique.toLowerCase());
    return unique;
  });
}

function cleanName(name: string): string {
  const visible = name
    .slice(0, 10 * MAX_NAME)
    .toWellFormed()
    .replace(FORBIDDEN, "-")
    .replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\uFFFE\uFFFF]+/gu, " ")
    .replace(/\s+/g, " ");
  return fitted(visible, MAX_NAME);
}

function uniqueName(name: string, used: ReadonlySet<string>): string {
  if (!used.has(name.toLowerCase())) return name;
  for (let count = 2; ; count += 1) {
    const suffix = ` (${count})`;
    const numbered = `${fitted(name, MAX_NAME - suffix.length)}${suffix}`;
    if (!used.has(numbered.toLowerCase())) return numbered;
  }
}

/** The beginning of a name. No apostrophes at its ends, which would break references to the sheet. */
function fitted(name: string, length: number): string {
  const start = name.replace(/^[\s']+/, "").slice(0, length);
  // A cut may leave half of a surrogate pair.
  return start.replace(/[\uD800-\uDBFF]$/, "").replace(/[\s']+$/, "");
}
