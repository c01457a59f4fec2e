import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, expect, test } from "vitest";
import { runCookieClient } from "#lib/adapters/supabase/cookie-client.ts";

let close: (() => Promise<void>) | undefined;
afterEach(async () => {
  await close?.();
});

/** An auth server that cuts its first connections without an answer. */
async function serverThatCuts(times: number): Promise<{ url: string; readonly requests: number }> {
  let requests = 0;
  const server = createServer((request, response) => {
    requests++;
    if (requests <= times) request.socket.destroy();
    else response.writeHead(400, { "content-type": "application/json" }).end("{}");
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  close = () => new Promise((resolve) => server.close(() => resolve()));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    get requests() {
      return requests;
    },
  };
}

test.each([
  ["once is asked again", 1, false],
  ["twice counts as unavailable", 2, true],
])("a connection that is cut %s", async (_name, times, isFailure) => {
  const server = await serverThatCuts(times);
  const { failure } = await runCookieClient(
    new Request("http://gateway.test/"),
    { url: server.url, publishableKey: "key", isSecure: () => false },
    (auth) => auth.signInWithPassword({ email: "a@example.com", password: "wrong" }),
  );
  expect({ requests: server.requests, isFailure: failure !== undefined }).toEqual({ requests: 2, isFailure });
});
