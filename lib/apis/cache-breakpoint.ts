import type { CacheBreakpoint } from "#lib/chat/request.ts";

/** The breakpoint that `cache_control` sets, as a field; empty without one. */
export function cacheBreakpoint(control: { ttl?: "5m" | "1h" | null | undefined } | null | undefined): {
  cacheBreakpoint?: CacheBreakpoint;
} {
  if (control === null || control === undefined) return {};
  return { cacheBreakpoint: control.ttl === "1h" ? "1h" : true };
}
