import { createServer } from "node:http";
import { setTimeout as pause } from "node:timers/promises";
import { textChunk, usageChunk } from "../support/fake-upstream.ts";
import { answerParent } from "./child.ts";
import { monotonicMs } from "./statistics.ts";

/** A fast model: the time to its first token, and between its tokens, milliseconds. */
const FIRST_TOKEN_MS = 500;
const TOKEN_MS = 20;
const TOKENS = 5;

/** When a request arrived, on the machine's clock. */
let arrivals: number[] = [];

const frame = (data: unknown): string =>
  `data: ${typeof data === "string" ? data : JSON.stringify(data)}\n\n`;

/** A provider that notes when it is asked. */
const server = createServer((incoming, outgoing) => {
  arrivals.push(monotonicMs());
  incoming.resume().once("end", async () => {
    await pause(FIRST_TOKEN_MS);
    outgoing.writeHead(200, { "content-type": "text/event-stream" });
    for (let token = 0; token < TOKENS; token++) {
      outgoing.write(frame(textChunk("word ")));
      await pause(TOKEN_MS);
    }
    outgoing.end(frame(textChunk("", "stop")) + frame(usageChunk(20, TOKENS)) + frame("[DONE]"));
  });
});
server.keepAliveTimeout = 600_000;

answerParent(async (question: "start" | "arrivals"): Promise<string | number[]> => {
  if (question === "arrivals") {
    const counted = arrivals;
    arrivals = [];
    return counted;
  }
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", 4_096, resolve));
  const address = server.address();
  return typeof address === "object" ? `http://127.0.0.1:${address?.port}` : "";
});
