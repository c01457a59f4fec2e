import { createServer, type ServerResponse } from "node:http";
import { setTimeout as pause } from "node:timers/promises";
import { textChunk, usageChunk } from "../support/fake-upstream.ts";
import { answerParent } from "./child.ts";
import { monotonicMs } from "./statistics.ts";

/** What a client asks for, as JSON in its message: its own number, and how its answer shall come. */
export type NumberedPlan = { stream: number; chunks: number; gapMs: number };

export type NumberedState = {
  inFlight: number;
  /** Connections open now. */
  sockets: number;
  /** When an answer was last abandoned, on the machine's clock. */
  lastLeftAt: number;
};

const frame = (data: unknown): string =>
  `data: ${typeof data === "string" ? data : JSON.stringify(data)}\n\n`;

let inFlight = 0;
let lastLeftAt = 0;

/** Each chunk of the answer is `stream:number:time `, so that a client can tell what is missing and how late it is. */
async function stream(outgoing: ServerResponse, { stream, chunks, gapMs }: NumberedPlan): Promise<void> {
  inFlight++;
  outgoing.once("close", () => {
    inFlight--;
    if (!outgoing.writableFinished) lastLeftAt = monotonicMs();
  });
  outgoing.writeHead(200, { "content-type": "text/event-stream" });
  for (let number = 0; number < chunks && !outgoing.destroyed; number++) {
    // The second chunk comes at any time within the gap, so that streams that began together drift apart.
    if (number > 0) await pause(number === 1 ? gapMs * Math.random() : gapMs);
    outgoing.write(frame(textChunk(`${stream}:${number}:${monotonicMs()} `)));
  }
  outgoing.end(frame(textChunk("", "stop")) + frame(usageChunk(20, chunks)) + frame("[DONE]"));
}

const server = createServer((incoming, outgoing) => {
  let body = "";
  incoming.setEncoding("utf8");
  incoming.on("data", (chunk: string) => {
    body += chunk;
  });
  incoming.on("end", () => {
    const { messages } = JSON.parse(body) as { messages: { content: string }[] };
    void stream(outgoing, JSON.parse(messages.at(-1)?.content ?? "") as NumberedPlan);
  });
});
server.keepAliveTimeout = 600_000;

answerParent(async (question: "start" | "state"): Promise<string | NumberedState> => {
  if (question === "state") {
    const sockets = await new Promise<number>((resolve) =>
      server.getConnections((_error, count) => resolve(count)),
    );
    return { inFlight, sockets, lastLeftAt };
  }
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", 4_096, resolve));
  const address = server.address();
  return typeof address === "object" ? `http://127.0.0.1:${address?.port}` : "";
});
