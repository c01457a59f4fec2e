import type { Sql } from "postgres";
import { BoundedMap } from "#lib/shared/bounded-map.ts";

/** A function of the schema `public`, as far as it is called here. */
export type DatabaseFunction = {
  name: string;
  parameters: readonly { name: string; type: string; hasDefault: boolean }[];
  /** What comes back: nothing, one value, or columns. */
  returns: "void" | "value" | "columns";
  /** Whether it returns any number of them. */
  returnsSet: boolean;
  /** Its own `statement_timeout`, as Postgres writes it; null if it has none. */
  statementTimeout: string | null;
};

export type FunctionCatalogue = {
  /**
   * The one function of this name that takes arguments of exactly these names. Undefined if there is none, or
   * more than one, or it is of a kind that is not called here.
   */
  find(name: string, given: readonly string[]): Promise<DatabaseFunction | undefined>;
  /** Looks this name up again when it is next called. */
  forget(name: string): void;
};

const MAX_KEPT = 500;

/**
 * All functions of a name. `returns` is null for kinds that are left to `@supabase/lite`: with unnamed or variadic
 * parameters, polymorphic ones, triggers, domains (which may choose a media type), and records without columns.
 */
const FUNCTIONS = `
  select jsonb_build_object(
    'name', f.proname,
    'parameters', coalesce((
      select jsonb_agg(jsonb_build_object(
        'name', p.name, 'type', p.type, 'hasDefault', p.position > f.pronargs - f.pronargdefaults
      ) order by p.position)
      from (
        select coalesce(f.proargnames[a.place], '') as name, format_type(a.type, null) as type,
               row_number() over (order by a.place) as position
        from unnest(coalesce(f.proallargtypes, f.proargtypes::oid[])) with ordinality as a(type, place)
        where coalesce(f.proargmodes[a.place], 'i') in ('i', 'b')
      ) p), '[]'),
    'returns', case
      when f.provariadic <> 0 or exists (
        select from pg_type t where t.oid = any (f.proargtypes) and t.typtype = 'p') then null
      when coalesce(f.proargmodes && '{o,b,t}', false) or r.typtype = 'c' then 'columns'
      when f.prorettype = 'void'::regtype and not f.proretset then 'void'
      when r.typtype in ('b', 'e', 'r', 'm') then 'value' end,
    'returnsSet', f.proretset,
    'statementTimeout', (
      select substr(setting, length('statement_timeout=') + 1) from unnest(f.proconfig) as setting
      where starts_with(setting, 'statement_timeout=')
    )
  )::text as function
  from pg_proc f
  join pg_type r on r.oid = f.prorettype
  where f.pronamespace = 'public'::regnamespace and f.prokind = 'f' and f.proname = $1`;

type Known = Omit<DatabaseFunction, "returns"> & { returns: DatabaseFunction["returns"] | null };

/** The functions of a database, looked up when they are first called. */
export function createFunctionCatalogue(sql: Sql): FunctionCatalogue {
  const known = new BoundedMap<string, readonly Known[]>(MAX_KEPT);

  const read = async (name: string): Promise<readonly Known[]> => {
    const rows = await sql.unsafe<{ function: string }[]>(FUNCTIONS, [name], { prepare: true });
    const functions = rows.map((row) => JSON.parse(row.function) as Known);
    if (functions.length > 0) known.set(name, functions);
    return functions;
  };

  return {
    async find(name, given) {
      const kept = known.use(name);
      const found = kept === undefined ? [] : kept.filter((one) => takes(one, given));
      // Not found: a migration may have added it meanwhile.
      const all = found.length > 0 ? found : (await read(name)).filter((one) => takes(one, given));
      const [only] = all;
      if (only === undefined || all.length > 1 || only.returns === null) return undefined;
      if (only.parameters.some((parameter) => parameter.name === "")) return undefined;
      return { ...only, returns: only.returns };
    },
    forget: (name) => {
      known.delete(name);
    },
  };
}

/** Named notation: all that are required, and none that it does not have. */
function takes({ parameters }: Known, given: readonly string[]): boolean {
  const names = new Set(given);
  const used = parameters.filter(({ name, hasDefault }) => names.has(name) || !hasDefault);
  return used.length === names.size && used.every(({ name }) => names.has(name));
}
