import { z } from "zod";

const schemaSchema = z.looseObject({
  type: z.union([z.string(), z.array(z.string())]).optional(),
  enum: z.array(z.unknown()).optional(),
  const: z.unknown().optional(),
  properties: z.record(z.string(), z.unknown()).optional(),
  required: z.array(z.string()).optional(),
  items: z.unknown().optional(),
  anyOf: z.array(z.unknown()).optional(),
});

/** A value that satisfies a JSON schema; strings and numbers are found in the text where it names them. */
export function sampleOf(schema: unknown, text: string, name = ""): unknown {
  const read = schemaSchema.parse(schema);
  if (read.enum !== undefined) return read.enum[0];
  if (read.const !== undefined) return read.const;
  if (read.anyOf !== undefined) return sampleOf(read.anyOf[0], text, name);
  switch ([read.type ?? (read.properties === undefined ? "string" : "object")].flat()[0]) {
    case "object":
      return Object.fromEntries(
        (read.required ?? []).map((key) => [key, sampleOf(read.properties?.[key] ?? {}, text, key)]),
      );
    case "array":
      return [sampleOf(read.items ?? {}, text, name)];
    case "integer":
    case "number":
      return Number(/\d+/.exec(text)?.[0] ?? 1);
    case "boolean":
      return true;
    case "null":
      return null;
    default:
      return stringFor(name, text);
  }
}

/** `content exactly: …` to the end of the text, `value x` a word; else something of the kind. */
function stringFor(name: string, text: string): string {
  const exact = new RegExp(`\\b${name} exactly:\\s*(.+)$`, "is").exec(text)?.[1];
  const word = new RegExp(`\\b${name} (\\S+?)[.,]?(?:\\s|$)`, "i").exec(text)?.[1];
  const place = /\b(?:in|at) ([A-Z]\w+(?: [A-Z]\w+)*)/.exec(text)?.[1];
  return exact ?? word ?? place ?? `some ${name}`;
}
