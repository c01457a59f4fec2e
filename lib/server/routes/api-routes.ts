import type { GatewaySource, Route } from "#lib/server/http/route.ts";
import { aiChat } from "#lib/server/routes/ai-chat.ts";
import { chatCompletions } from "#lib/server/routes/chat-completions.ts";
import { countTokens } from "#lib/server/routes/count-tokens.ts";
import { embeddings } from "#lib/server/routes/embeddings.ts";
import { health } from "#lib/server/routes/health.ts";
import { keyById, keys } from "#lib/server/routes/keys.ts";
import { messages } from "#lib/server/routes/messages.ts";
import { models } from "#lib/server/routes/models.ts";
import { notFound } from "#lib/server/routes/not-found.ts";
import { openApi } from "#lib/server/routes/openapi.ts";
import { responses } from "#lib/server/routes/responses.ts";

export type RouteDefinition = (gateway: GatewaySource) => Route;

/**
 * Every API route by its path, in Next's notation. `app/api` has a route file for each, with the same
 * definition; a test compares the two. Any other path under `/api` is `notFound`.
 */
export const API_ROUTES: Readonly<Record<string, RouteDefinition>> = {
  "/api/ai-chat": aiChat,
  "/api/health": health,
  "/api/keys": keys,
  "/api/keys/[id]": keyById,
  "/api/openapi.json": openApi,
  "/api/v1/chat/completions": chatCompletions,
  "/api/v1/embeddings": embeddings,
  "/api/v1/messages": messages,
  "/api/v1/messages/count_tokens": countTokens,
  "/api/v1/models": models,
  "/api/v1/models/[...id]": models,
  "/api/v1/responses": responses,
};

/**
 * Finds the route of a path under `/api`. As in Next, a plain path wins over `[id]`, and `[id]` over
 * `[...rest]`; a slash at the end is ignored.
 */
export function apiRouter(
  gateway: GatewaySource,
  definitions: Readonly<Record<string, RouteDefinition>> = API_ROUTES,
): (pathname: string) => Route {
  const plain = new Map<string, Route>();
  const open: { segments: readonly string[]; route: Route }[] = [];
  for (const [pattern, define] of Object.entries(definitions)) {
    const route = define(gateway);
    if (pattern.includes("[")) open.push({ segments: pattern.split("/"), route });
    else plain.set(pattern, route);
  }
  open.sort((a, b) => Number(isCatchAll(a.segments)) - Number(isCatchAll(b.segments)));
  const missing = notFound(gateway);
  return (pathname) => {
    const path = pathname.endsWith("/") ? pathname.slice(0, -1) : pathname;
    const exact = plain.get(path);
    if (exact !== undefined) return exact;
    const segments = path.split("/");
    return open.find((candidate) => matches(candidate.segments, segments))?.route ?? missing;
  };
}

function isCatchAll(pattern: readonly string[]): boolean {
  return pattern.at(-1)?.startsWith("[...") === true;
}

function matches(pattern: readonly string[], path: readonly string[]): boolean {
  if (isCatchAll(pattern) ? path.length < pattern.length : path.length !== pattern.length) return false;
  return pattern.every((segment, index) => {
    const actual = path[index] ?? "";
    return segment.startsWith("[") ? actual !== "" : actual === segment;
  });
}
