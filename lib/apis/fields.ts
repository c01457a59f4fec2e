import { GatewayError } from "#lib/shared/errors.ts";
import type { JsonObject, JsonValue } from "#lib/shared/json.ts";

/** The value without its undefined keys, for optional fields of a parsed body. */
export function defined<Value extends object>(
  value: Value,
): { [Key in keyof Value]: Exclude<Value[Key], undefined> } {
  const kept: Partial<Value> = {};
  // Callers pass object literals, so all keys are own keys.
  for (const key in value) if (value[key] !== undefined) kept[key] = value[key];
  return kept as { [Key in keyof Value]: Exclude<Value[Key], undefined> };
}

/** No API has as many; a million of them would block other requests for seconds. */
const MAX_OTHERS = 200;

/** The fields of a body that are not in `read`, without nulls, by which most clients mean "not set". */
export function otherFields(body: Readonly<Record<string, unknown>>, read: ReadonlySet<string>): JsonObject {
  const others: JsonObject = {};
  let count = 0;
  for (const name of Object.keys(body)) {
    const value = body[name];
    if (read.has(name) || value === null || value === undefined) continue;
    if (++count > MAX_OTHERS) {
      throw new GatewayError("invalid_request", `There are more than ${MAX_OTHERS} unknown fields.`);
    }
    // Clients choose the names; assigning to `__proto__` would not create a field.
    Object.defineProperty(others, name, { value: value as JsonValue, enumerable: true, writable: true });
  }
  return others;
}
