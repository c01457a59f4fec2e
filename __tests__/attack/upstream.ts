import { createServer } from "node:http";
import { answerParent } from "../bench/child.ts";
import { completion } from "../support/fake-upstream.ts";

/**
 * Providers of every protocol: under `/refuse` each takes the whole request and refuses it, so that the
 * gateway writes it once more for the next; the others answer with a word.
 */
const server = createServer((incoming, outgoing) => {
  incoming.resume();
  incoming.on("end", () => {
    const isRefusal = incoming.url?.startsWith("/refuse") === true;
    const body = isRefusal
      ? { error: { type: "invalid_request_error", message: "No." } }
      : incoming.url?.endsWith("/embeddings") === true
        ? {
            object: "list",
            data: [{ object: "embedding", index: 0, embedding: [0.1] }],
            usage: { prompt_tokens: 1 },
          }
        : completion("Hello.", { prompt_tokens: 20, completion_tokens: 1, total_tokens: 21 });
    outgoing.writeHead(isRefusal ? 400 : 200, { "content-type": "application/json" });
    outgoing.end(JSON.stringify(body));
  });
});

answerParent(async () => {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  return typeof address === "object" ? `http://127.0.0.1:${address?.port}` : "";
});
