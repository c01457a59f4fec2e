import { createdTask, taskState } from "#lib/manus/answers.ts";
import type { ManusApi } from "#lib/services/manus/manus-api.ts";
import { GatewayError } from "#lib/shared/errors.ts";
import { field, stringField } from "#lib/shared/json.ts";
import { publicReason } from "#lib/shared/redact.ts";
import { type ToolHttp, ToolHttpError, type ToolHttpFailure } from "#lib/tools/tool-http.ts";

export type ManusApiOptions = {
  http: ToolHttp;
  baseUrl: string;
  apiKey: string;
  /** How long a call may take, milliseconds; 15 s by default. */
  timeoutMs?: number | undefined;
};

/** The answers of a task can be long. */
const MAX_BYTES = 4 * 1024 * 1024;
/** How many of a task's newest messages are read. */
const MESSAGES = "50";
/** A webhook waits for it, which is to be answered within ten seconds. */
const KEY_TIMEOUT_MS = 5_000;

/** Manus's API, version 2. The key goes to its address only, in a header; redirects are not followed. */
export function createManusApi({ http, baseUrl, apiKey, timeoutMs = 15_000 }: ManusApiOptions): ManusApi {
  const address = (action: string, query: Record<string, string> = {}): URL => {
    const url = new URL(`${baseUrl}/v2/${action}`);
    for (const [name, value] of Object.entries(query)) url.searchParams.set(name, value);
    return url;
  };
  const options = (milliseconds = timeoutMs) => ({
    headers: { "x-manus-api-key": apiKey },
    signal: AbortSignal.timeout(milliseconds),
    maxBytes: MAX_BYTES,
  });
  const get = (action: string, query?: Record<string, string>) =>
    answered(http.getJson(address(action, query), options()), apiKey);
  const post = (action: string, body: object) =>
    answered(http.postJson(address(action), body, options()), apiKey);
  return {
    async create(prompt) {
      const task = createdTask(await post("task.create", { message: { content: prompt } }));
      return task ?? unusable();
    },
    async state(manusId) {
      const query = { task_id: manusId };
      const [detail, list] = await Promise.all([
        get("task.detail", query),
        get("task.listMessages", { ...query, order: "desc", limit: MESSAGES }),
      ]);
      return taskState(manusId, detail, list) ?? unusable();
    },
    async send(manusId, message) {
      await post("task.sendMessage", { task_id: manusId, message: { content: message } });
    },
    async stop(manusId) {
      try {
        await post("task.stop", { task_id: manusId });
      } catch (error) {
        if (!(error instanceof GatewayError) || error.code !== "not_found") throw error;
      }
    },
    async publicKey() {
      const call = http.getJson(address("webhook.publicKey"), options(KEY_TIMEOUT_MS));
      return stringField(await answered(call, apiKey), "public_key") ?? unusable();
    },
  };
}

async function answered(call: Promise<unknown>, apiKey: string): Promise<unknown> {
  let answer: unknown;
  try {
    answer = await call;
  } catch (error) {
    throw error instanceof ToolHttpError ? callError(error) : error;
  }
  if (field(answer, "ok") !== false) return answer;
  // An error with a status of success.
  const reason = publicReason(stringField(field(answer, "error"), "message") ?? "", [apiKey]);
  throw new GatewayError(
    "plugin_failed",
    `Manus did not take the call${reason === "" ? "." : `: ${reason}`}`,
  );
}

function unusable(): never {
  throw new GatewayError("plugin_failed", "Manus's answer was not usable.");
}

function callError(error: ToolHttpError): GatewayError {
  const { failure, retryAfterSeconds } = error;
  if (failure.kind === "timeout") {
    return new GatewayError("plugin_timeout", "Manus did not answer in time.", { cause: error });
  }
  if (failure.kind !== "status") {
    return new GatewayError("plugin_failed", "Manus could not be reached, or its answer was not usable.", {
      cause: error,
    });
  }
  return statusError(failure, retryAfterSeconds);
}

function statusError(
  { status, reason }: Extract<ToolHttpFailure, { kind: "status" }>,
  retryAfterSeconds: number | undefined,
): GatewayError {
  const details = { status };
  if (status === 401 || status === 403) {
    const message = `Manus does not accept the gateway's key (status ${status}). An operator can check MANUS_API_KEY.`;
    return new GatewayError("plugin_failed", message, { details });
  }
  if (status < 400) {
    const message =
      "Manus answered with a redirect, which is not followed. An operator can check MANUS_BASE_URL.";
    return new GatewayError("plugin_failed", message, { details });
  }
  const message = `Manus answered with status ${status}${reason === undefined ? "." : `: ${reason}`}`;
  switch (status) {
    case 404:
      return new GatewayError("not_found", message, { details });
    case 429:
      return new GatewayError("rate_limited", message, { details, retryAfterSeconds });
    default:
      return new GatewayError(status >= 500 ? "plugin_failed" : "unprocessable", message, {
        details,
        retryAfterSeconds,
      });
  }
}
