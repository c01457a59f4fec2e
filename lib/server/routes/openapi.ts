import { PlainResponse } from "#lib/server/http/fast/plain-response.ts";
import { defineRoute, type GatewaySource, type Route } from "#lib/server/http/route.ts";
import { openApiDocument } from "#lib/server/openapi/document.ts";

let document: string | undefined;

/** `GET /api/openapi.json`: the exact shape of every route. */
export function openApi(gateway: GatewaySource): Route {
  return defineRoute(gateway, { GET: answer });
}

async function answer(): Promise<PlainResponse> {
  // Made when first asked for: it costs some milliseconds and never changes.
  document ??= JSON.stringify(openApiDocument());
  return new PlainResponse(document, { headers: { "content-type": "application/json" } });
}
