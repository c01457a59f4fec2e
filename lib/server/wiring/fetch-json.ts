import { jsonHttp } from "#lib/adapters/http/json-http.ts";
import { ToolHttpError } from "#lib/tools/tool-http.ts";

/** The longest list of models that is read, bytes. */
const MAX_BYTES = 8 * 1024 * 1024;

/**
 * What a host of models says about itself: its answer to a GET, or to a POST of `body`. Undefined if there is
 * none in this time, milliseconds, or it is no JSON.
 */
export async function fetchJson(url: string, timeoutMs: number, body?: object): Promise<unknown> {
  const options = { signal: AbortSignal.timeout(timeoutMs), maxBytes: MAX_BYTES };
  try {
    const address = new URL(url);
    return body === undefined
      ? await jsonHttp.getJson(address, options)
      : await jsonHttp.postJson(address, body, options);
  } catch (error) {
    // Nothing listens, it is no such host, or it is too slow. Calls of its engines say so.
    if (error instanceof ToolHttpError) return undefined;
    throw error;
  }
}
