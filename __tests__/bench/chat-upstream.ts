import { createServer, type ServerResponse } from "node:http";
import { setTimeout as pause } from "node:timers/promises";
import { completion, textChunk, usageChunk } from "../support/fake-upstream.ts";
import { answerParent } from "./child.ts";

/** Chunks of an answer, as long as a model's tokens are. */
const CHUNKS = 100;
const WORDS = ["The ", "quick ", "brown ", "fox ", "jumps ", "over ", "the ", "lazy ", "dog", ". "];

const pieces = Array.from({ length: CHUNKS }, (_, index) => WORDS[index % WORDS.length] ?? "");
const frame = (data: unknown): string =>
  `data: ${typeof data === "string" ? data : JSON.stringify(data)}\n\n`;
const frames = [
  ...pieces.map((piece) => frame(textChunk(piece))),
  frame(textChunk("", "stop")) + frame(usageChunk(20, CHUNKS)) + frame("[DONE]"),
];
const whole = JSON.stringify(
  completion(pieces.join(""), { prompt_tokens: 20, completion_tokens: CHUNKS, total_tokens: CHUNKS + 20 }),
);

/** Every chunk in its own turn of the event loop, or some milliseconds after the one before. */
async function stream(outgoing: ServerResponse, gapMs: number): Promise<void> {
  outgoing.writeHead(200, { "content-type": "text/event-stream" });
  for (const text of frames) {
    outgoing.write(text);
    if (gapMs > 0) await pause(gapMs);
    else await new Promise((resolve) => setImmediate(resolve));
  }
  outgoing.end();
}

/** A provider that speaks OpenAI's protocol; `/<gap>/v1/chat/completions` spaces the chunks. */
const server = createServer((incoming, outgoing) => {
  let body = "";
  incoming.setEncoding("utf8");
  incoming.on("data", (chunk: string) => {
    body += chunk;
  });
  incoming.on("end", () => {
    const gapMs = Number(/^\/(\d+)\//.exec(incoming.url ?? "")?.[1] ?? 0);
    if (/"stream":\s*true/.test(body)) void stream(outgoing, gapMs);
    else {
      outgoing.writeHead(200, { "content-type": "application/json", "content-length": whole.length });
      outgoing.end(whole);
    }
  });
});
server.keepAliveTimeout = 600_000;

answerParent(async () => {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  return typeof address === "object" ? `http://127.0.0.1:${address?.port}` : "";
});
