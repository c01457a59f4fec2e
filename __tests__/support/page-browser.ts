import type { HostContext } from "#lib/server/http/host-context.ts";
import { apiRouter } from "#lib/server/routes/api-routes.ts";
import type { Gateway } from "#lib/server/wiring/gateway.ts";
import { aHost } from "./test-gateway.ts";

export type PageAnswer = { status: number; headers: Headers; body: unknown; setCookies: string[] };

/** A browser on a page of the gateway's own: it keeps cookies, and says where its requests come from. */
export class PageBrowser {
  readonly cookies = new Map<string, string>();
  readonly #router: ReturnType<typeof apiRouter>;
  readonly #origin: string;
  readonly #host: Partial<HostContext>;

  constructor(
    gateway: Gateway,
    { origin = "http://localhost:3000", host = {} as Partial<HostContext> } = {},
  ) {
    this.#router = apiRouter(async () => gateway);
    this.#origin = origin;
    this.#host = { remoteAddress: "127.0.0.1", ...host };
  }

  async call(
    method: string,
    path: string,
    body?: unknown,
    headers: Record<string, string> = {},
  ): Promise<PageAnswer> {
    const url = new URL(path, this.#origin);
    const request = new Request(url, {
      method,
      ...(body === undefined ? {} : { body: typeof body === "string" ? body : JSON.stringify(body) }),
    });
    const cookie = [...this.cookies].map(([name, value]) => `${name}=${value}`).join("; ");
    // A Request made here may not be told its own cookie, origin and host: hosts may.
    const all = new Headers({
      host: url.host,
      ...(method === "GET" ? {} : { origin: this.#origin }),
      ...(body === undefined ? {} : { "content-type": "application/json" }),
      ...(cookie === "" ? {} : { cookie }),
      ...headers,
    });
    Object.defineProperty(request, "headers", { value: all });
    const response = await this.#router(url.pathname)(request, aHost(this.#host));
    const setCookies = response.headers.getSetCookie();
    for (const line of setCookies) this.#keep(line);
    const text = await response.text();
    return {
      status: response.status,
      headers: response.headers,
      setCookies,
      body: text === "" ? undefined : JSON.parse(text),
    };
  }

  #keep(line: string): void {
    const [pair = "", ...attributes] = line.split("; ");
    const [name = "", ...value] = pair.split("=");
    if (attributes.some((attribute) => /^max-age=0$/i.test(attribute))) this.cookies.delete(name);
    else this.cookies.set(name, value.join("="));
  }
}
