import { GatewayError } from "#lib/shared/errors.ts";
import type { JsonObject, JsonValue } from "#lib/shared/json.ts";

/** The value without the keys that are undefined: what optional fields of a parsed body become. */
export function defined<Value extends object>(
  value: Value,
): { [Key in keyof Value]: Exclude<Value[Key], undefined> } {
  const kept: Partial<Value> = {};
  // Written out by whoever calls: it has no keys but its own.
  for (const key in value) if (value[key] !== undefined) kept[key] = value[key];
  return kept as { [Key in keyof Value]: Exclude<Value[Key], undefined> };
}

/** Nobody documents as many; a million of them would take seconds of everybody's time. */
const MAX_OTHERS = 200;

/** The fields of a body that are not read by name, nulls left out: most clients mean "not set" by them. */
export function otherFields(body: Readonly<Record<string, unknown>>, read: ReadonlySet<string>): JsonObject {
  const others: JsonObject = {};
  let count = 0;
  for (const name of Object.keys(body)) {
    const value = body[name];
    if (read.has(name) || value === null || value === undefined) continue;
    if (++count > MAX_OTHERS) {
      throw new GatewayError(
        "invalid_request",
        `There are more than ${MAX_OTHERS} fields that are not known.`,
      );
    }
    // Clients choose the names, and assigning to `__proto__` would be no field.
    Object.defineProperty(others, name, { value: value as JsonValue, enumerable: true, writable: true });
  }
  return others;
}
