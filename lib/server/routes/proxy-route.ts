import type { ErrorBody } from "#lib/server/http/http-error.ts";
import { defineRoute, type GatewaySource, type Handlers, type OwnRoute } from "#lib/server/http/route.ts";
import type { Gateway } from "#lib/server/wiring/gateway.ts";
import { GatewayError } from "#lib/shared/errors.ts";

/** A route of the OpenAI-shaped kind: it is not there at all unless the operator has switched them on. */
export function proxyRoute(gateway: GatewaySource, handlers: Handlers, errorBody: ErrorBody): OwnRoute {
  return defineRoute(gateway, handlers, errorBody, assertSwitchedOn);
}

function assertSwitchedOn({ env }: Gateway): void {
  if (env.ENABLE_OPENAI_PROXY) return;
  throw new GatewayError(
    "not_found",
    "The OpenAI-shaped routes are switched off. Set ENABLE_OPENAI_PROXY=true to use them.",
  );
}
