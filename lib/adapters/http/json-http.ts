import { field, parseJson, stringField } from "#lib/shared/json.ts";
import { publicReason } from "#lib/shared/redact.ts";
import { decodeLenient, truncate } from "#lib/shared/text.ts";
import { VERSION } from "#lib/shared/version.ts";
import { type ToolHttp, ToolHttpError, type ToolHttpOptions } from "#lib/tools/tool-http.ts";

const MAX_BYTES = 1024 * 1024;
/** How much of an error's body is read, bytes, and how long its reason may be, characters. */
const MAX_ERROR_BYTES = 16 * 1024;
const MAX_REASON = 200;

/** JSON over HTTP with `fetch`: for tools, and for what a host of models says about itself. */
export const jsonHttp: ToolHttp = {
  getJson: (url, options) => exchange(url, { method: "GET" }, options),
  postJson: (url, body, options) => {
    const init = { method: "POST", body: JSON.stringify(body) };
    return exchange(url, init, {
      ...options,
      headers: { "content-type": "application/json", ...options.headers },
    });
  },
};

async function exchange(
  url: URL,
  init: RequestInit,
  { signal, headers, maxBytes = MAX_BYTES }: ToolHttpOptions,
): Promise<unknown> {
  try {
    const response = await fetch(url, {
      ...init,
      headers: { accept: "application/json", "user-agent": `SarmaLink-AI/${VERSION}`, ...headers },
      // A redirect could lead the headers, and with them a key, to another host.
      redirect: "manual",
      signal,
    });
    if (!response.ok) throw await statusError(response, headers);
    const { text, isWhole } = await readText(response, maxBytes);
    if (!isWhole) throw new ToolHttpError({ kind: "too_large" });
    const json = parseJson(text);
    if (json === undefined) throw new ToolHttpError({ kind: "garbage" });
    return json;
  } catch (error) {
    throw failureOf(error, signal);
  }
}

/** The beginning of a body; the connection is closed if it has more. */
async function readText({ body }: Response, maxBytes: number): Promise<{ text: string; isWhole: boolean }> {
  const chunks: Uint8Array[] = [];
  const reader = body?.getReader();
  let bytes = 0;
  for (let part = await reader?.read(); part?.value !== undefined; part = await reader?.read()) {
    chunks.push(part.value.subarray(0, maxBytes - bytes));
    bytes += part.value.length;
    if (bytes > maxBytes) {
      await reader?.cancel();
      return { text: decodeLenient(chunks), isWhole: false };
    }
  }
  return { text: decodeLenient(chunks), isWhole: true };
}

async function statusError(response: Response, headers: ToolHttpOptions["headers"]): Promise<ToolHttpError> {
  const { text } = await readText(response, MAX_ERROR_BYTES);
  const said = saidReason(parseJson(text));
  const secrets = Object.values(headers ?? {}).flatMap((value) => value.split(" "));
  const reason = said === undefined ? "" : truncate(publicReason(said, secrets), MAX_REASON);
  const retryAfterSeconds = secondsOf(response.headers.get("retry-after"));
  return new ToolHttpError({
    kind: "status",
    status: response.status,
    ...(reason === "" ? {} : { reason }),
    ...(retryAfterSeconds === undefined ? {} : { retryAfterSeconds }),
  });
}

/** Where sources put their reason: Open-Meteo, Frankfurter, Tavily, and most others. */
function saidReason(body: unknown): string | undefined {
  return (
    stringField(body, "reason") ??
    stringField(body, "message") ??
    stringField(field(body, "detail"), "error") ??
    stringField(field(body, "error"), "message") ??
    stringField(body, "error") ??
    stringField(body, "detail")
  );
}

function secondsOf(header: string | null): number | undefined {
  return header !== null && /^\d{1,6}$/.test(header) ? Number(header) : undefined;
}

function failureOf(error: unknown, signal: AbortSignal): unknown {
  if (error instanceof ToolHttpError) return error;
  if (!signal.aborted) return new ToolHttpError({ kind: "unreachable" }, error);
  const { reason } = signal;
  const isTimeout = reason instanceof Error && reason.name === "TimeoutError";
  return isTimeout ? new ToolHttpError({ kind: "timeout" }, error) : reason;
}
