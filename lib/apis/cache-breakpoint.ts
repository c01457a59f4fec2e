import { otherFields } from "#lib/apis/fields.ts";
import type { CacheBreakpoint } from "#lib/chat/request.ts";

type CacheControl = { type: string; ttl?: string | null | undefined };

const NO_FIELDS: ReadonlySet<string> = new Set();

/** The breakpoint that `cache_control` sets, as a field; empty without one. */
export function cacheBreakpoint(control: CacheControl | null | undefined): {
  cacheBreakpoint?: CacheBreakpoint;
} {
  if (control === null || control === undefined) return {};
  const said = otherFields(control, NO_FIELDS);
  const { type, ttl, ...others } = said;
  if (type !== "ephemeral" || Object.keys(others).length > 0) return { cacheBreakpoint: said };
  if (ttl === undefined) return { cacheBreakpoint: true };
  return { cacheBreakpoint: ttl === "1h" ? "1h" : said };
}
