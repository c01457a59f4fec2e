import type { Document, Scalar } from "yaml";
import type { z } from "zod";
import { GatewayError } from "#lib/shared/errors.ts";

type Path = readonly PropertyKey[];

/** What a text in YAML or JSON says, and on which line each part of it stands. */
export type Located<Value = unknown> = { value: Value; lineOf(path: Path): number };

/**
 * What a configuration in YAML or JSON says. Throws `not_configured` with the line of the first mistake.
 * @param source the name of the text in errors.
 */
export async function parseChecked<Schema extends z.ZodType>(
  text: string,
  source: string,
  schema: Schema,
): Promise<Located<z.infer<Schema>>> {
  const located = await parseWithLines(text, source);
  const parsed = schema.safeParse(located.value);
  if (parsed.success) return { ...located, value: parsed.data };
  const [issue] = parsed.error.issues;
  const path = issue?.path ?? [];
  const culprit = issue?.code === "unrecognized_keys" ? [...path, ...issue.keys.slice(0, 1)] : path;
  const where = path.length === 0 ? "the configuration" : path.join(".");
  throw mistake(source, located.lineOf(culprit), `${where}: ${reasonOf(issue)}`);
}

/** Why a part is wrong; of a key in a map, what its schema says. */
function reasonOf(issue: z.core.$ZodIssue | undefined): string {
  const inner = issue?.code === "invalid_key" ? issue.issues[0] : issue;
  return inner?.message ?? "is wrong";
}

/** JSON is valid YAML, so one parser reads both and knows the lines. */
async function parseWithLines(text: string, source: string): Promise<Located> {
  const yaml = await import("yaml");
  const { isNode, LineCounter, parseDocument } = yaml;
  const lines = new LineCounter();
  // The parser's own check of keys compares each with all others, which takes minutes for a long list.
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, uniqueKeys: false });
  const [error] = document.errors;
  if (error !== undefined) throw mistake(source, lines.linePos(error.pos[0]).line, error.message);
  const repeated = repeatedKey(document, yaml);
  if (repeated !== undefined) {
    const line = lines.linePos(repeated.range?.[0] ?? 0).line;
    throw mistake(source, line, `"${String(repeated.value).slice(0, 128)}" stands here twice`);
  }
  return {
    value: plainValue(document, source),
    lineOf(path) {
      // A missing key has no line, so the nearest ancestor in the text is used.
      for (let depth = path.length; depth >= 0; depth--) {
        const node = document.getIn(path.slice(0, depth), true);
        if (isNode(node) && node.range) return lines.linePos(node.range[0]).line;
      }
      return 1;
    },
  };
}

/** The first key that its map has already; of such keys the last would win unseen. */
function repeatedKey(
  document: Document.Parsed,
  { isScalar, visit }: typeof import("yaml"),
): Scalar | undefined {
  let repeated: Scalar | undefined;
  visit(document, {
    Map(_, { items }) {
      const keys = new Set<unknown>();
      for (const { key } of items) {
        if (!isScalar(key)) continue;
        // As property names: `1` and `"1"` are the same.
        const name = String(key.value);
        if (keys.has(name)) {
          repeated = key;
          return visit.BREAK;
        }
        keys.add(name);
      }
      return undefined;
    },
  });
  return repeated;
}

function plainValue(document: Document.Parsed, source: string): unknown {
  try {
    return document.toJS({ maxAliasCount: 100 }) as unknown;
  } catch (error) {
    // Too many aliases, an alias without an anchor, what cannot be merged, or too deep for the stack.
    throw mistake(source, 1, error instanceof Error ? error.message : String(error));
  }
}

export function mistake(source: string, line: number, problem: string): GatewayError {
  return new GatewayError("not_configured", `${source}, line ${line}: ${problem}`);
}
