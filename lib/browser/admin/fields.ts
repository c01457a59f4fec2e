import { arrayField, field, isJsonObject, stringField } from "#lib/shared/json.ts";

/** A number of an answer; null where it has none. */
export function numberOrNull(value: unknown, name: string): number | null {
  const found = field(value, name);
  return typeof found === "number" ? found : null;
}

/** A number of an answer; 0 where it has none. */
export function numberOf(value: unknown, name: string): number {
  return numberOrNull(value, name) ?? 0;
}

export function textOf(value: unknown, name: string): string {
  return stringField(value, name) ?? "";
}

export function textOrNull(value: unknown, name: string): string | null {
  return stringField(value, name) ?? null;
}

export function textsOf(value: unknown, name: string): string[] {
  return arrayField(value, name).filter((text) => typeof text === "string");
}

/** Counts by name, such as `{ "ok": 12 }`. */
export function countsOf(value: unknown, name: string): Record<string, number> {
  const found = field(value, name);
  if (!isJsonObject(found)) return {};
  return Object.fromEntries(
    Object.entries(found).flatMap(([key, count]) => (typeof count === "number" ? [[key, count]] : [])),
  );
}
