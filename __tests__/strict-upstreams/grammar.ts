import { isJsonObject } from "#lib/shared/json.ts";

/** Which fields an object may have; `any` looks no further. */
export type Grammar =
  | "any"
  | { kind: "object"; fields: Readonly<Record<string, Grammar>> }
  | { kind: "map"; of: Grammar }
  | { kind: "list"; of: Grammar }
  /** Told apart by a field, such as `type`. */
  | { kind: "tagged"; by: string; of: Readonly<Record<string, Grammar>>; otherwise?: Grammar }
  /** Named before it is built, for schemas that hold themselves. */
  | { kind: "later"; of: () => Grammar };

/** An object with these fields: the free ones as words of a text, the others with their own grammar. */
export function object(free: string, fields: Record<string, Grammar> = {}): Grammar {
  const names = free.split(" ").filter((name) => name !== "");
  return { kind: "object", fields: { ...Object.fromEntries(names.map((name) => [name, "any"])), ...fields } };
}

export function list(of: Grammar): Grammar {
  return { kind: "list", of };
}

export function map(of: Grammar): Grammar {
  return { kind: "map", of };
}

export function tagged(of: Record<string, Grammar>, by = "type", otherwise?: Grammar): Grammar {
  return { kind: "tagged", by, of, ...(otherwise === undefined ? {} : { otherwise }) };
}

export type Step = string | number;

export type Violation = {
  /** Where the object is that breaks the grammar, with the tags of the objects on the way. */
  path: readonly { step: Step; tag: string | undefined }[];
  /** The unknown field, or the tag's own field. */
  name: string;
  /** The value of an unknown tag. */
  tag?: unknown;
};

/** Every field that the grammar does not know, in the order of the body. */
export function violations(grammar: Grammar, value: unknown, path: Violation["path"] = []): Violation[] {
  if (grammar === "any") return [];
  if (grammar.kind === "later") return violations(grammar.of(), value, path);
  if (grammar.kind === "list") {
    if (!Array.isArray(value)) return [];
    return value.flatMap((item, index) =>
      violations(grammar.of, item, [...path, { step: index, tag: tagOf(grammar.of, item) }]),
    );
  }
  if (!isJsonObject(value)) return [];
  switch (grammar.kind) {
    case "map":
      return Object.entries(value).flatMap(([key, inner]) =>
        violations(grammar.of, inner, [...path, { step: key, tag: undefined }]),
      );
    case "tagged": {
      const tag = value[grammar.by];
      const known = typeof tag === "string" ? grammar.of[tag] : undefined;
      const chosen = known ?? grammar.otherwise;
      return chosen === undefined ? [{ path, name: grammar.by, tag }] : violations(chosen, value, path);
    }
    case "object":
      return Object.entries(value).flatMap(([key, inner]) => {
        const known = Object.hasOwn(grammar.fields, key) ? grammar.fields[key] : undefined;
        if (known === undefined) return [{ path, name: key }];
        return violations(known, inner, [...path, { step: key, tag: tagOf(known, inner) }]);
      });
  }
}

function tagOf(grammar: Grammar, value: unknown): string | undefined {
  if (grammar === "any" || grammar.kind !== "tagged" || !isJsonObject(value)) return undefined;
  const tag = value[grammar.by];
  return typeof tag === "string" ? tag : undefined;
}
