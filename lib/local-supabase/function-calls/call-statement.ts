import type { DatabaseFunction } from "#lib/local-supabase/function-calls/catalogue.ts";

/** What the statement of a call returns, in one row. */
export type CallResult = {
  /** The answer as JSON, as Postgres itself writes it. */
  body: string;
  rows: number;
  /** What the function has set for its response, as with PostgREST; null or empty if nothing. */
  status: string | null;
  headers: string | null;
};

/**
 * A call as PostgREST makes it: the arguments are one JSON object, `$1`, which Postgres takes apart by the types
 * of the parameters. Without arguments there is no `$1`.
 *
 * @param role in a comment, so that each role has prepared statements of its own: the plan of an inlined function
 * is not checked again when another role uses it.
 */
export function callStatement(called: DatabaseFunction, given: readonly string[], role: string): string {
  const used = called.parameters.filter(({ name }) => given.includes(name));
  const list = used.map(({ name }) => `${quoted(name)} := given.${quoted(name)}`);
  const types = used.map(({ name, type }) => `${quoted(name)} ${type}`);
  const call = `public.${quoted(called.name)}(${list.join(", ")})`;
  const object = types.length === 0 ? [] : [`json_to_record($1::text::json) as given(${types.join(", ")})`];
  // `offset 0` keeps the call below what is read after it.
  return `/* ${role} */
    select ${bodyOf(called)} as body,
           ${called.returnsSet ? "count(*)::integer" : "1"} as rows,
           current_setting('response.status', true) as status,
           current_setting('response.headers', true) as headers
    from (${sourceOf(called, call, object)} offset 0) as result`;
}

function sourceOf(
  { returns, returnsSet }: DatabaseFunction,
  call: string,
  object: readonly string[],
): string {
  if (returns === "columns")
    return `select called.* from ${[...object, `lateral ${call} as called`].join(", ")}`;
  if (returnsSet)
    return `select called.value from ${[...object, `lateral ${call} as called(value)`].join(", ")}`;
  return `select ${call} as value ${object.length === 0 ? "" : `from ${object.join("")}`}`;
}

function bodyOf({ returns, returnsSet }: DatabaseFunction): string {
  // `.*` is the whole row, even if it has a column called `result`.
  const one = returns === "columns" ? "result.*" : "result.value";
  if (returns === "void") return `coalesce(${one}::text, '')`;
  return returnsSet ? `coalesce(json_agg(${one}), '[]')::text` : `coalesce(to_json(${one})::text, 'null')`;
}

function quoted(identifier: string): string {
  return `"${identifier.replaceAll('"', '""')}"`;
}
