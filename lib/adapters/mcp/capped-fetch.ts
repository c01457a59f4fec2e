import { GatewayError } from "#lib/shared/errors.ts";

/** The most that one answer of a server may have, bytes; a list of tools and a document among results fit in. */
const MAX_ANSWER = 10 * 1024 * 1024;

/** The server did not keep to what the gateway takes of it. The message is for the client. */
export class McpAnswerError extends GatewayError {
  override readonly name = "McpAnswerError";

  constructor(message: string) {
    super("plugin_failed", message);
  }
}

/**
 * `fetch` for one MCP server: to its own address only, without following redirects, with bodies of a bounded size.
 */
export function cappedFetch(url: string): (input: string | URL, init?: RequestInit) => Promise<Response> {
  const { origin, pathname } = new URL(url);
  return async (input, init) => {
    const asked = new URL(input);
    // A client of the protocol may be told of other addresses, for authorization: nothing is fetched from there.
    if (asked.origin !== origin || asked.pathname !== pathname) {
      throw new McpAnswerError("The server names another address, which is not called.");
    }
    const response = await fetch(asked, { ...init, redirect: "manual" });
    if (response.type === "opaqueredirect" || (response.status >= 300 && response.status < 400)) {
      await response.body?.cancel();
      throw new McpAnswerError("The server answered with a redirect, which is not followed.");
    }
    return response.body === null ? response : capped(response, response.body);
  };
}

function capped(response: Response, body: ReadableStream<Uint8Array>): Response {
  let bytes = 0;
  const counted = body.pipeThrough(
    new TransformStream<Uint8Array, Uint8Array>({
      transform(chunk, controller) {
        bytes += chunk.length;
        if (bytes > MAX_ANSWER) {
          controller.error(new McpAnswerError("The server sent an answer of more than 10 MB."));
        } else {
          controller.enqueue(chunk);
        }
      },
    }),
  );
  const { status, statusText, headers } = response;
  return new Response(counted, { status, statusText, headers });
}
