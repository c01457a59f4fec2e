import { type Plugin, type PluginEndpoint, urlVariable } from "#lib/plugins/plugin.ts";
import { type PluginQuery, pluginAddress } from "#lib/plugins/plugin-address.ts";
import { pluginById } from "#lib/plugins/plugins.ts";
import type { UpstreamRequest } from "#lib/providers/call/upstream.ts";
import { costsNothing } from "#lib/services/admission/cost-estimate.ts";
import { mayUseMode } from "#lib/services/admission/key-admission.ts";
import type { RateLimit } from "#lib/services/admission/rate-limit.ts";
import { type Caller, NAMED_MODE } from "#lib/services/identity/caller.ts";
import { PluginCall } from "#lib/services/plugins/plugin-call.ts";
import type { PluginDependencies } from "#lib/services/plugins/plugin-dependencies.ts";
import { pluginFailed } from "#lib/services/plugins/plugin-failure.ts";
import { type PluginAnswer, wholeAnswer } from "#lib/services/plugins/whole-answer.ts";
import type { WaitUntil } from "#lib/services/ports.ts";
import { GatewayError } from "#lib/shared/errors.ts";

/** The longest answer of a plugin, bytes. */
const MAX_ANSWER = 10 * 1024 * 1024;

export type PluginInvocation = {
  plugin: string;
  path: string;
  query: PluginQuery;
  method: UpstreamRequest["method"];
  /** JSON, as text; undefined for none. */
  body: string | undefined;
};

export type InvocationContext = {
  requestId: string;
  caller: Caller;
  /** Aborts when the client disconnects. */
  signal: AbortSignal;
  waitUntil: WaitUntil;
  /** Takes what is left of the caller's requests. */
  onRateLimit?: ((limit: RateLimit) => void) | undefined;
};

/**
 * Calls a plugin for a client and reads its answer to the end.
 *
 * Throws `not_found` (no such plugin), `not_configured` naming the variable, `invalid_request` for a path that leads
 * elsewhere, `forbidden` and `rate_limited` (gateway key), `plugin_failed`, `plugin_timeout`, and what the plugin's
 * status means.
 */
export async function invokePlugin(
  { plugin: id, path, query, method, body }: PluginInvocation,
  { requestId, caller, signal, waitUntil, onRateLimit }: InvocationContext,
  dependencies: PluginDependencies,
): Promise<PluginAnswer> {
  if (!mayUseMode(caller, NAMED_MODE)) {
    throw new GatewayError("forbidden", "This gateway key is limited to modes and may not call plugins.");
  }
  const { plugin, endpoint } = findEndpoint(id, dependencies);
  const url = pluginAddress(endpoint.base, path, query);
  const { admission, effects, timeouts } = dependencies;
  await admission.admit(caller, { requestId, maxCostUsd: costsNothing, onRateLimit });
  const call = new PluginCall(plugin, endpoint, signal, effects);
  try {
    call.allow(timeouts.answerMs);
    const { status, header } = await call.send(
      {
        method,
        url,
        accept: "application/json, */*;q=0.5",
        body:
          body === undefined
            ? undefined
            : { kind: "bytes", bytes: Buffer.from(body), contentType: "application/json" },
      },
      timeouts.connectMs,
    );
    return await wholeAnswer(status, header("content-type"), await readAll(call, plugin), endpoint.token);
  } finally {
    call.close();
    waitUntil(admission.release(requestId));
  }
}

function findEndpoint(
  id: string,
  { endpoints }: PluginDependencies,
): { plugin: Plugin; endpoint: PluginEndpoint } {
  const plugin = pluginById(id);
  if (plugin === undefined) throw new GatewayError("not_found", `There is no plugin "${id}".`);
  const endpoint = endpoints.get(id);
  if (endpoint !== undefined) return { plugin, endpoint };
  const variable = urlVariable(plugin);
  throw new GatewayError(
    "not_configured",
    variable === undefined
      ? `The plugin "${id}" has no HTTP API to call. See ${plugin.repository}.`
      : `The plugin "${id}" is not set up. An operator can set ${variable}.`,
  );
}

async function readAll(call: PluginCall, plugin: Plugin): Promise<Uint8Array[]> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for (let chunk = await call.read(); chunk !== null; chunk = await call.read()) {
    bytes += chunk.length;
    if (bytes > MAX_ANSWER) {
      throw pluginFailed(plugin, `The plugin "${plugin.id}" sent an answer of more than 10 MB.`);
    }
    chunks.push(chunk);
  }
  return chunks;
}
