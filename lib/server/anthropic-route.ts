import type { Route } from "#lib/server/route.ts";

/** The same route, whose answers also carry the request's id where Anthropic's clients look for it. */
export function withAnthropicHeaders(route: Route): Route {
  return async (request, host) => {
    const response = await route(request, host);
    const requestId = response.headers.get("x-request-id");
    if (requestId !== null) response.headers.set("request-id", requestId);
    return response;
  };
}
