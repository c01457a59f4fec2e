import { assertWritable } from "#lib/providers/protocols/depth.ts";

/**
 * A call's arguments as JSON text; "" if there are none. Some servers send an object where their API has text,
 * or text where it has an object. What is not an object stays as it is: nobody may run it as `{}`.
 */
export function argumentText(value: unknown): string {
  if (typeof value === "string") return value;
  if (value === undefined || value === null) return "";
  assertWritable(value);
  return JSON.stringify(value);
}
