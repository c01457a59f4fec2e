import { type Plugin, tokenVariable, urlVariable } from "#lib/plugins/plugin.ts";
import { readProviderError } from "#lib/providers/failures/error-body.ts";
import { type ErrorCode, GatewayError } from "#lib/shared/errors.ts";
import { parseJson } from "#lib/shared/json.ts";
import { publicReason } from "#lib/shared/redact.ts";

/** What a plugin says about a request that it does not take, by its status. All others are `unprocessable`. */
const REFUSALS: Readonly<Record<number, ErrorCode>> = {
  400: "invalid_request",
  404: "not_found",
  409: "conflict",
  410: "not_found",
  413: "payload_too_large",
  415: "unsupported_media_type",
  429: "rate_limited",
};
const MAX_RETRY_AFTER_SECONDS = 3_600;

/** The plugin did not answer, or not usably: `plugin_failed`. The message is for the client. */
export function pluginFailed({ id }: Plugin, message: string, status?: number): GatewayError {
  return new GatewayError("plugin_failed", message, {
    details: status === undefined ? { plugin: id } : { plugin: id, status },
  });
}

/** The plugin was silent for too long: `plugin_timeout`. */
export function pluginTimeout({ id }: Plugin): GatewayError {
  return new GatewayError("plugin_timeout", `The plugin "${id}" did not answer in time.`, {
    details: { plugin: id },
  });
}

/** The error of an answer with a status that is no success. */
export function statusError(
  plugin: Plugin,
  answer: { status: number; text: string; contentType: string | undefined; retryAfter: string | undefined },
  token: string | undefined,
): GatewayError {
  const { status } = answer;
  const details = { plugin: plugin.id, status };
  const name = `The plugin "${plugin.id}"`;
  if (status < 400) {
    const message = `${name} answered with a redirect, which is not followed. An operator can set ${urlVariable(plugin)} to the address it leads to.`;
    return pluginFailed(plugin, message, status);
  }
  if (status === 401 || status === 403 || status === 407) {
    const message = `${name} does not accept the gateway's credential (status ${status}). An operator can check ${tokenVariable(plugin)}.`;
    return pluginFailed(plugin, message, status);
  }
  const said = reasonIn(answer, token);
  const message = `${name} answered with status ${status}${said === "" ? "." : `: ${said}`}`;
  const retryAfterSeconds = secondsIn(answer.retryAfter);
  if (status === 408 || status === 504) return new GatewayError("plugin_timeout", message, { details });
  if (status >= 500) return new GatewayError("plugin_failed", message, { details, retryAfterSeconds });
  const code = REFUSALS[status] ?? "unprocessable";
  return new GatewayError(code, message, { details, retryAfterSeconds });
}

/** The plugin's own words, unless they are a page. */
function reasonIn(
  { text, contentType = "" }: { text: string; contentType: string | undefined },
  token: string | undefined,
): string {
  const body = parseJson(text);
  const isText = /^text\/plain\b/i.test(contentType);
  const said = body === undefined ? (isText ? text : "") : (readProviderError(body)?.message ?? "");
  return publicReason(said, token === undefined ? [] : [token]);
}

function secondsIn(header: string | undefined): number | undefined {
  if (header === undefined || !/^\d{1,6}$/.test(header)) return undefined;
  return Math.min(MAX_RETRY_AFTER_SECONDS, Math.max(1, Number(header)));
}
