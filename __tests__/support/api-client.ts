import { apiRouter } from "#lib/server/routes/api-routes.ts";
import type { Gateway } from "#lib/server/wiring/gateway.ts";
import { aHost } from "./test-gateway.ts";

export type ApiAnswer = { status: number; headers: Headers; body: Record<string, unknown> };

/** A call of any route of a gateway, in process, as a client of the native API makes it. */
export type ApiClient = (
  method: string,
  path: string,
  credential: string,
  body?: unknown,
) => Promise<ApiAnswer>;

/** @param gateway is asked for at each call: tests start theirs later. */
export function apiClient(gateway: () => Gateway): ApiClient {
  const router = apiRouter(async () => gateway());
  return async (method, path, credential, body) => {
    const url = new URL(path, "http://gateway.test");
    const headers: Record<string, string> =
      credential === "" ? {} : { authorization: `Bearer ${credential}` };
    const content = typeof body === "string" ? body : JSON.stringify(body);
    const response = await router(url.pathname)(
      new Request(url, {
        method,
        headers: body === undefined ? headers : { ...headers, "content-type": "application/json" },
        ...(body === undefined ? {} : { body: content }),
      }),
      aHost(),
    );
    const text = await response.text();
    return {
      status: response.status,
      headers: response.headers,
      body: text === "" ? {} : (JSON.parse(text) as Record<string, unknown>),
    };
  };
}
