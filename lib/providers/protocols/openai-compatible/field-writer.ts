import type { OpenAiDialect } from "#lib/providers/vendors/openai-dialect.ts";
import type { JsonObject, JsonValue } from "#lib/shared/json.ts";

/** The field lists of dialects as sets. */
const sets = new WeakMap<readonly string[], ReadonlySet<string>>();

function setOf(fields: readonly string[]): ReadonlySet<string> {
  const known = sets.get(fields);
  if (known !== undefined) return known;
  const set = new Set(fields);
  sets.set(fields, set);
  return set;
}

/** Writes the fields that the dialect allows, and collects the names of the others. */
export class FieldWriter {
  readonly dropped: string[] = [];
  readonly #body: JsonObject;
  readonly #allowed: ReadonlySet<string> | undefined;

  constructor(body: JsonObject, dialect: OpenAiDialect) {
    this.#body = body;
    this.#allowed = dialect.fields === "all" ? undefined : setOf(dialect.fields);
  }

  accepts(field: string): boolean {
    return this.#allowed?.has(field) ?? true;
  }

  /** @param name the client's name of the field, if the dialect has another. */
  write(field: string, value: JsonValue | undefined, name: string = field): void {
    if (value === undefined) return;
    if (!this.accepts(field)) {
      this.dropped.push(name);
      return;
    }
    // Clients choose some of the names; assigning to `__proto__` would not create a field.
    Object.defineProperty(this.#body, field, { value, enumerable: true, writable: true, configurable: true });
  }

  drop(name: string, value: JsonValue | undefined): void {
    if (value !== undefined) this.dropped.push(name);
  }
}
