import type { OwnRoute } from "#lib/server/http/route.ts";

/** The same route, whose answers also carry the request's id where Anthropic's clients look for it. */
export function withAnthropicHeaders(route: OwnRoute): OwnRoute {
  return async (request, host) => {
    const response = await route(request, host);
    const requestId = response.getHeader("x-request-id");
    if (requestId !== undefined) response.setHeader("request-id", requestId);
    return response;
  };
}
