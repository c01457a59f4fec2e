import type { HostContext } from "#lib/server/http/host-context.ts";
import { apiRouter } from "#lib/server/routes/api-routes.ts";
import { answers, type FakeUpstream, startFakeUpstream } from "./fake-upstream.ts";
import type { TestSupabase } from "./test-database.ts";
import {
  aHost,
  type HttpHost,
  listen,
  modelsConfig,
  type Settings,
  startTestGateway,
  type TestGateway,
  type TestGatewayOptions,
} from "./test-gateway.ts";

export type ProxyGateway = {
  gateway: TestGateway;
  /** The upstreams of the chain, in order: `first`, then `second`. */
  first: FakeUpstream;
  second: FakeUpstream;
  /** Calls the routes as a host would, without a socket. */
  fetch: typeof fetch;
  /** What SDKs take for a base URL, for use with `fetch`. */
  baseUrl: string;
  /** What was left to be done behind the answers of `fetch` is done: their rows are stored. */
  settled(): Promise<void>;
  /** The same routes behind a real socket. */
  overHttp(): Promise<HttpHost>;
  stop(): Promise<void>;
};

const ORIGIN = "http://gateway.test";

/**
 * A gateway with the OpenAI-compatible routes switched on, whose modes all have the chain `first/m`,
 * `second/m`. No gateway key exists in a fresh database: any bearer will do.
 */
export async function startProxyGateway(
  database: TestSupabase,
  settings: Settings = {},
  log?: (line: string) => void,
  makers: TestGatewayOptions["makers"] = {},
): Promise<ProxyGateway> {
  const first = await startFakeUpstream(answers("Hello from first."));
  const second = await startFakeUpstream(answers("Hello from second."));
  const config = modelsConfig(
    { first: `${first.origin}/v1`, second: `${second.origin}/v1` },
    { modes: ["smart", "reasoner", "live", "fast", "coder", "vision"] },
  );
  const gateway = await startTestGateway({
    database,
    settings: { ENABLE_OPENAI_PROXY: "true", MODELS_CONFIG: config, ...settings },
    makers,
    ...(log === undefined ? {} : { log }),
  });
  const route = apiRouter(async () => gateway.gateway);
  const serve = (request: Request, host: HostContext): Promise<Response> =>
    route(new URL(request.url).pathname)(request, host);
  const works: Promise<void>[] = [];
  const host = aHost({ waitUntil: (work) => works.push(work) });
  const hosts: HttpHost[] = [];
  return {
    gateway,
    first,
    second,
    fetch: (input, init) => serve(new Request(input, init), host),
    settled: async () => {
      await Promise.all(works);
    },
    baseUrl: `${ORIGIN}/api/v1`,
    async overHttp() {
      const listening = await listen(serve);
      hosts.push(listening);
      return listening;
    },
    async stop() {
      await Promise.all(hosts.map((host) => host.stop()));
      await gateway.stop();
      await Promise.all([first.stop(), second.stop()]);
    },
  };
}
