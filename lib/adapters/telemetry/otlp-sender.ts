import { Agent, request } from "undici";
import { VERSION } from "#lib/shared/version.ts";

/** Where telemetry of one kind is sent. Address and headers may hold credentials: neither is ever logged. */
export type OtlpTarget = {
  url: string;
  headers: Readonly<Record<string, string>>;
  protocol: "http/json" | "http/protobuf";
  /** Milliseconds for one message, with all tries. */
  timeoutMs: number;
};

export type OtlpSender = {
  /** Sends a message, or throws why it was not taken. */
  send(body: Uint8Array): Promise<void>;
  /** Messages under way are given up. */
  close(): Promise<void>;
};

/** A busy collector is asked again after this, milliseconds. */
const RETRY_MS = 1_000;
const MAX_TRIES = 3;
/** What the protocol calls retryable. */
const BUSY = new Set([429, 502, 503, 504]);
/** Connections to a collector; one message at a time is usual. */
const MAX_CONNECTIONS = 4;

const CONTENT_TYPES = { "http/json": "application/json", "http/protobuf": "application/x-protobuf" } as const;

/**
 * Sends OTLP over HTTP. It has no settings but its arguments: OpenTelemetry's own senders also read headers and
 * certificate files that the environment names. Redirects are not followed.
 */
export function createOtlpSender({ url, headers, protocol, timeoutMs }: OtlpTarget): OtlpSender {
  const agent = new Agent({ connections: MAX_CONNECTIONS, connect: { timeout: timeoutMs } });
  const closing = new AbortController();
  const allHeaders = {
    "user-agent": `sarmalink-ai/${VERSION}`,
    ...headers,
    "content-type": CONTENT_TYPES[protocol],
  };
  const post = async (body: Uint8Array, signal: AbortSignal): Promise<number> => {
    const options = { method: "POST", headers: allHeaders, body, dispatcher: agent, signal } as const;
    const response = await request(url, options);
    // Unread, it would hold the connection.
    await response.body.dump();
    return response.statusCode;
  };
  return {
    async send(body) {
      const signal = AbortSignal.any([closing.signal, AbortSignal.timeout(timeoutMs)]);
      for (let tries = 1; ; tries++) {
        const status = await post(body, signal);
        if (status >= 200 && status < 300) return;
        if (!BUSY.has(status) || tries === MAX_TRIES) throw new Error(`The collector answered ${status}.`);
        await pause(RETRY_MS * tries, signal);
      }
    },
    close: async () => {
      closing.abort(new Error("The gateway is shutting down."));
      await agent.destroy();
    },
  };
}

function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, milliseconds);
    timer.unref();
    const onAbort = (): void => {
      clearTimeout(timer);
      reject(signal.reason);
    };
    if (signal.aborted) onAbort();
    else signal.addEventListener("abort", onAbort, { once: true });
  });
}
