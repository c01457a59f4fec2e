/** The filters of `GET /api/admin/requests`, by their names there. */
const NAMES = [
  "status",
  "mode",
  "engine",
  "provider",
  "user",
  "key",
  "route",
  "from",
  "to",
  "minCost",
  "maxCost",
  "cost",
] as const;

/** Filters as they are typed; one that is absent or empty does not limit. Times are in the reader's own zone. */
export type RequestFilter = { [name in (typeof NAMES)[number]]?: string };

/** The filters of a page's address. Others are left out. */
export function filterOf(query: Readonly<Record<string, string | string[] | undefined>>): RequestFilter {
  const filter: RequestFilter = {};
  for (const name of NAMES) {
    const value = query[name];
    if (typeof value === "string" && value !== "") filter[name] = value;
  }
  return filter;
}

/** The query of a page's address with these filters; empty without any. */
export function addressOf(filter: RequestFilter): string {
  return new URLSearchParams(setOf(filter)).toString();
}

/** The query with which the API is asked. */
export function apiQueryOf(filter: RequestFilter, limit: number): string {
  const pairs = setOf(filter).map(([name, value]) => [name, isTime(name) ? isoTime(value) : value]);
  return new URLSearchParams([...pairs, ["limit", String(limit)]]).toString();
}

function setOf(filter: RequestFilter): [string, string][] {
  return NAMES.flatMap((name) => {
    const value = filter[name]?.trim() ?? "";
    return value === "" ? [] : [[name, value] as [string, string]];
  });
}

function isTime(name: string): boolean {
  return name === "from" || name === "to";
}

/** What is no time is sent as it is: the API says what is wrong with it. */
function isoTime(text: string): string {
  const time = new Date(text);
  return Number.isNaN(time.getTime()) ? text : time.toISOString();
}
