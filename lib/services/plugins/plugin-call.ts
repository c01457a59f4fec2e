import { type Plugin, type PluginEndpoint, urlVariable } from "#lib/plugins/plugin.ts";
import { assertWithin } from "#lib/plugins/plugin-address.ts";
import { encodeMultipart } from "#lib/providers/call/multipart.ts";
import {
  type Upstream,
  UpstreamError,
  type UpstreamRequest,
  type UpstreamResponse,
} from "#lib/providers/call/upstream.ts";
import { abortError } from "#lib/providers/failures/run-errors.ts";
import type { RequestBody } from "#lib/providers/protocols/engine-request.ts";
import { pluginFailed, pluginTimeout, statusError } from "#lib/services/plugins/plugin-failure.ts";
import { linkAbort, NO_LONGER_NEEDED } from "#lib/shared/abort.ts";
import type { Clock, Timer } from "#lib/shared/clock.ts";
import type { GatewayError } from "#lib/shared/errors.ts";
import { decodeLenient } from "#lib/shared/text.ts";

/** How much of an error's body is read, bytes. */
const MAX_ERROR_BYTES = 16 * 1024;

export type PluginEffects = { upstream: Upstream; clock: Clock; random: () => number };

export type PluginRequest = {
  method: UpstreamRequest["method"];
  /** Made by `pluginAddress`. */
  url: string;
  accept: string;
  body: RequestBody | undefined;
};

/**
 * One HTTP call of a plugin. Its token goes with it, to the plugin's own address only; redirects are not followed.
 * Every method throws `plugin_failed`, `plugin_timeout`, what the plugin's status means, or why `signal` aborted.
 */
export class PluginCall {
  readonly #plugin: Plugin;
  readonly #endpoint: PluginEndpoint;
  readonly #effects: PluginEffects;
  readonly #client: AbortSignal;
  readonly #abort: AbortController;
  readonly #unlink: () => void;
  #timer: Timer | undefined;
  #response: UpstreamResponse | undefined;

  constructor(plugin: Plugin, endpoint: PluginEndpoint, signal: AbortSignal, effects: PluginEffects) {
    this.#plugin = plugin;
    this.#endpoint = endpoint;
    this.#effects = effects;
    this.#client = signal;
    const { controller, unlink } = linkAbort(signal);
    this.#abort = controller;
    this.#unlink = unlink;
  }

  /** From now on the plugin has this long, milliseconds, until the next call of this. */
  allow(milliseconds: number): void {
    this.#timer?.cancel();
    this.#timer = this.#effects.clock.after(milliseconds, () =>
      this.#abort.abort(pluginTimeout(this.#plugin)),
    );
  }

  /** Time does not count while nothing is asked of the plugin, because the client takes nothing. */
  pause(): void {
    this.#timer?.cancel();
  }

  /** Sends the request and waits for a successful status. */
  async send(request: PluginRequest, connectTimeoutMs: number): Promise<UpstreamResponse> {
    assertWithin(this.#endpoint.base, request.url);
    const { signal } = this.#abort;
    try {
      const { upstream, random } = this.#effects;
      const encoded = this.#encode(request, random);
      this.#response = await upstream.send(encoded, { signal, connectTimeoutMs });
    } catch (error) {
      throw this.#failure(error);
    }
    const { status, header } = this.#response;
    if (status >= 200 && status < 300) return this.#response;
    const text = await this.#errorText();
    const retryAfter = header("retry-after");
    const answer = { status, text, contentType: header("content-type"), retryAfter };
    throw statusError(this.#plugin, answer, this.#endpoint.token);
  }

  /** The next bytes of the answer; null at its end. */
  async read(): Promise<Uint8Array | null> {
    try {
      return (await this.#response?.body.read()) ?? null;
    } catch (error) {
      throw this.#failure(error);
    }
  }

  /** Nothing more is read: the connection is closed, unless the answer has ended. */
  close(): void {
    this.#timer?.cancel();
    this.#unlink();
    this.#response?.body.cancel();
    if (this.#response === undefined) this.#abort.abort(NO_LONGER_NEEDED);
  }

  #encode({ method, url, accept, body }: PluginRequest, random: () => number): UpstreamRequest {
    const headers: Record<string, string> = { accept };
    const { token } = this.#endpoint;
    if (token !== undefined) {
      headers["authorization"] = `Bearer ${token}`;
      if (this.#plugin.tokenHeader !== undefined) headers[this.#plugin.tokenHeader] = token;
    }
    switch (body?.kind) {
      case undefined:
        return { method, url, headers, body: undefined };
      case "json":
        headers["content-type"] = "application/json";
        return { method, url, headers, body: JSON.stringify(body.body) };
      case "bytes":
        headers["content-type"] = body.contentType;
        return { method, url, headers, body: body.bytes };
      case "multipart": {
        const { contentType, pieces } = encodeMultipart(body.parts, random);
        headers["content-type"] = contentType;
        return { method, url, headers, body: pieces };
      }
    }
  }

  /** The beginning of an error's body, as far as it comes in time. */
  async #errorText(): Promise<string> {
    const chunks: Uint8Array[] = [];
    let bytes = 0;
    while (bytes < MAX_ERROR_BYTES) {
      const chunk = await this.read();
      if (chunk === null) break;
      chunks.push(chunk.subarray(0, MAX_ERROR_BYTES - bytes));
      bytes += chunk.length;
    }
    return decodeLenient(chunks);
  }

  #failure(error: unknown): unknown {
    if (this.#client.aborted) return abortError(this.#client);
    if (this.#abort.signal.aborted) return this.#abort.signal.reason;
    return error instanceof UpstreamError ? unreachable(this.#plugin, error) : error;
  }
}

/** A failure below HTTP, in words without an address. */
function unreachable(plugin: Plugin, { kind, systemCode }: UpstreamError): GatewayError {
  const name = `The plugin "${plugin.id}"`;
  const code = systemCode === undefined ? "" : ` (${systemCode})`;
  switch (kind) {
    case "connect":
      return pluginFailed(
        plugin,
        `${name} cannot be reached${code}. An operator can check ${urlVariable(plugin)}.`,
      );
    case "reset":
      return pluginFailed(plugin, `The connection to ${name.replace("The", "the")} broke${code}.`);
    case "too_large":
      return pluginFailed(plugin, `${name} sent an answer that is too long.`);
    case "protocol":
      return pluginFailed(plugin, `${name} sent no valid HTTP.`);
  }
}
