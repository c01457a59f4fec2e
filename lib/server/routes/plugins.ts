import { pluginInvocationSchema, readPluginInvocation } from "#lib/apis/native/plugins.ts";
import { isPluginIntent } from "#lib/plugins/plugin.ts";
import { MEGABYTE } from "#lib/server/http/body-reader.ts";
import { clientSignal } from "#lib/server/http/client-signal.ts";
import { jsonBody } from "#lib/server/http/declaration.ts";
import { jsonResponse, type PlainResponse } from "#lib/server/http/fast/plain-response.ts";
import { declareRoute, type GatewayCall } from "#lib/server/routes/gateway-route.ts";
import { invokePlugin } from "#lib/services/plugins/invoke-plugin.ts";
import { listPlugins } from "#lib/services/plugins/list-plugins.ts";
import { GatewayError } from "#lib/shared/errors.ts";

type Invocation = ReturnType<typeof readPluginInvocation>;

const loadSchemas = () => import("#lib/apis/native/plugins-answer-schema.ts");

/** `GET /api/v1/plugins`: the plugins, and which of them are set up; with `?intent=`, those for it. */
export const plugins = declareRoute({
  path: "/api/v1/plugins",
  access: "caller",
  errors: "native",
  methods: {
    GET: {
      summary: "The plugins",
      description:
        "`configured`: an operator has set its address. `autoRoute`: native chat hands messages to it.",
      answers: async () => ({
        200: { description: "The plugins.", json: (await loadSchemas()).pluginListSchema },
      }),
      answer: list,
    },
  },
});

/** `POST /api/v1/plugins/invoke`: calls a plugin by its id, at a path below its address. */
export const pluginInvoke = declareRoute({
  path: "/api/v1/plugins/invoke",
  access: "caller",
  errors: "native",
  methods: {
    POST: {
      summary: "Call a plugin",
      description:
        "The plugin's token is added by the gateway. `data` is the plugin's JSON, its text, or its bytes as base64, " +
        "as `encoding` says.",
      answers: async () => ({
        200: { description: "The plugin's answer.", json: (await loadSchemas()).pluginAnswerSchema },
      }),
      body: jsonBody({ schema: pluginInvocationSchema, maxBytes: MEGABYTE, read: readPluginInvocation }),
      answer: invoke,
    },
  },
});

async function list({ gateway, request }: GatewayCall<"caller">): Promise<PlainResponse> {
  const intent = new URL(request.url).searchParams.get("intent") ?? undefined;
  if (intent !== undefined && !isPluginIntent(intent)) {
    throw new GatewayError("invalid_request", `"intent": there is no intent "${intent.slice(0, 50)}".`);
  }
  const listed = listPlugins(gateway.plugins, intent);
  return jsonResponse({ count: listed.length, plugins: listed });
}

async function invoke(call: GatewayCall<"caller", Invocation>): Promise<PlainResponse> {
  const { gateway, requestId, caller, request, body, waitUntil, onRateLimit } = call;
  const context = { requestId, caller, signal: clientSignal(request), waitUntil, onRateLimit };
  const answer = await invokePlugin(body, context, gateway.plugins);
  return jsonResponse({ ok: true, pluginId: body.plugin, ...answer });
}
