import { arrayField, field, isJsonObject, type JsonValue, stringField } from "#lib/shared/json.ts";
import { MAX_DEPTH } from "#lib/shared/json-depth.ts";

const MAX_ARRAY = 10_000;

type Container = Map<string, Node> | Node[];
type Node = Container | string | number | boolean | null;

/**
 * Builds the arguments of a function call from Gemini's `partialArgs`: pieces of values, each with its JSON
 * path (`$.operations[0].action`); strings arrive in several pieces.
 */
export class PartialArguments {
  readonly #root = new Map<string, Node>();

  push(partialArgs: unknown): void {
    for (const piece of Array.isArray(partialArgs) ? partialArgs : []) {
      const path = parsePath(stringField(piece, "jsonPath") ?? "");
      if (path.length > 0) this.#set(path, piece);
    }
  }

  /** The arguments as JSON text. */
  toJson(): string {
    return JSON.stringify(plain(this.#root));
  }

  #set(path: readonly (string | number)[], piece: unknown): void {
    let container: Container = this.#root;
    for (let depth = 0; depth < path.length - 1; depth++) {
      const next = child(container, path[depth], typeof path[depth + 1] === "number");
      if (next === undefined) return;
      container = next;
    }
    const key = path.at(-1);
    const before = read(container, key);
    const text = stringField(piece, "stringValue");
    if (text !== undefined) write(container, key, typeof before === "string" ? before + text : text);
    else if (typeof field(piece, "numberValue") === "number")
      write(container, key, field(piece, "numberValue") as number);
    else if (typeof field(piece, "boolValue") === "boolean")
      write(container, key, field(piece, "boolValue") as boolean);
    else if (isJsonObject(piece) && "nullValue" in piece) write(container, key, null);
  }
}

/** `$.a[0]['b c']` as a list of steps; empty if it is not such a path. */
function parsePath(path: string): (string | number)[] {
  if (!path.startsWith("$")) return [];
  const steps: (string | number)[] = [];
  for (const match of path.slice(1).matchAll(/\.([^.[\]]+)|\[(\d{1,5})\]|\['([^']*)'\]|\["([^"]*)"\]/g)) {
    steps.push(match[2] !== undefined ? Number(match[2]) : (match[1] ?? match[3] ?? match[4] ?? ""));
  }
  return steps.length > MAX_DEPTH ? [] : steps;
}

function read(container: Container, key: string | number | undefined): Node | undefined {
  if (Array.isArray(container)) return typeof key === "number" ? container[key] : undefined;
  return container.get(String(key));
}

function write(container: Container, key: string | number | undefined, value: Node): void {
  if (!Array.isArray(container)) container.set(String(key), value);
  else if (typeof key === "number" && key < MAX_ARRAY) {
    while (container.length < key) container.push(null);
    container[key] = value;
  }
}

function child(
  container: Container,
  key: string | number | undefined,
  isArray: boolean,
): Container | undefined {
  const found = read(container, key);
  if (found instanceof Map || Array.isArray(found)) return found;
  const made: Container = isArray ? [] : new Map<string, Node>();
  write(container, key, made);
  const stored = read(container, key);
  return stored instanceof Map || Array.isArray(stored) ? stored : undefined;
}

function plain(node: Node): JsonValue {
  if (Array.isArray(node)) return node.map(plain);
  if (node instanceof Map) return Object.fromEntries([...node].map(([key, value]) => [key, plain(value)]));
  return node;
}

/** Whether a function call carries no data and only ends the one before. */
export function isTerminator(call: Record<string, unknown>): boolean {
  return (
    call["name"] === undefined && arrayField(call, "partialArgs").length === 0 && call["args"] === undefined
  );
}
