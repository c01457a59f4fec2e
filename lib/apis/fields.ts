import type { JsonObject, JsonValue } from "#lib/shared/json.ts";

/** The value without the keys that are undefined: what optional fields of a parsed body become. */
export function defined<Value extends object>(
  value: Value,
): { [Key in keyof Value]: Exclude<Value[Key], undefined> } {
  const kept: Record<string, unknown> = {};
  for (const [key, inner] of Object.entries(value)) if (inner !== undefined) kept[key] = inner;
  return kept as { [Key in keyof Value]: Exclude<Value[Key], undefined> };
}

/** The fields of a body that are not read by name, nulls left out: most clients mean "not set" by them. */
export function otherFields(body: Readonly<Record<string, unknown>>, read: ReadonlySet<string>): JsonObject {
  const others: JsonObject = {};
  for (const [name, value] of Object.entries(body)) {
    if (read.has(name) || value === null || value === undefined) continue;
    // Clients choose the names, and assigning to `__proto__` would be no field.
    Object.defineProperty(others, name, { value: value as JsonValue, enumerable: true, writable: true });
  }
  return others;
}
