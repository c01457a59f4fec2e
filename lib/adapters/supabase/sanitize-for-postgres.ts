/** Text that Postgres can store: it has no NUL, and jsonb no lone surrogates. Both become U+FFFD. */
export function sanitizeTextForPostgres(text: string): string {
  return text.toWellFormed().replaceAll("\u0000", "\ufffd");
}

/** The same for every string and key inside a JSON value. Other values are kept. */
export function sanitizeJsonForPostgres(value: unknown): unknown {
  if (typeof value === "string") return sanitizeTextForPostgres(value);
  if (Array.isArray(value)) return value.map(sanitizeJsonForPostgres);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [
      sanitizeTextForPostgres(key),
      sanitizeJsonForPostgres(inner),
    ]),
  );
}
