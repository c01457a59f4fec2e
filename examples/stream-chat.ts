// A complete client of POST /api/ai-chat: plain fetch and eventsource-parser, nothing of ours.
//   node bin/run.mjs examples/stream-chat.ts "Hello! Who are you?" [session id]
import { readFileSync } from "node:fs";
import { argv, env, stderr, stdout } from "node:process";
import { createParser } from "eventsource-parser";

/** The events that this client uses; it ignores every other type, as clients should. */
type StreamEvent =
  | { type: "session"; id: string }
  | { type: "attempt"; engine: string; outcome: string }
  | { type: "backend"; label: string }
  | { type: "token"; text: string }
  | { type: "usage"; promptTokens?: number; completionTokens?: number; costUsd?: number }
  | { type: "done"; usage: number; model: string }
  | { type: "error"; code: string; message: string; retryAfter?: number };

const url = env["SARMALINK_URL"] ?? "http://localhost:3000";
const key = env["SARMALINK_KEY"] ?? readFileSync(".data/dev-key", "utf8").trim();
const [, , message = "Hello! Who are you?", sessionId] = argv;

const response = await fetch(`${url}/api/ai-chat`, {
  method: "POST",
  headers: { authorization: `Bearer ${key}`, "content-type": "application/json" },
  body: JSON.stringify({ message, sessionId }),
});
// Before the stream an error is a status and a JSON body; inside it, an event.
if (!response.ok || response.body === null) throw new Error(`${response.status} ${await response.text()}`);

let ended = false;
const note = (text: string): boolean => stderr.write(`[${text}]\n`);
const parser = createParser({
  onEvent({ data }) {
    const event = JSON.parse(data) as StreamEvent;
    ended ||= event.type === "done" || event.type === "error";
    if (event.type === "token") stdout.write(event.text);
    else if (event.type === "session") note(`session ${event.id}`);
    else if (event.type === "backend") note(`answered by ${event.label}`);
    else if (event.type === "attempt") note(`${event.engine}: ${event.outcome}`);
    else if (event.type === "usage")
      note(`${event.completionTokens} tokens, ${event.costUsd ?? "unknown"} USD`);
    else if (event.type === "error") throw new Error(`${event.code}: ${event.message}`);
  },
});

const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
for (let step = await reader.read(); !step.done; step = await reader.read()) parser.feed(step.value);
if (!ended)
  throw new Error("The connection broke: neither `done` nor `error` came, so the answer is incomplete.");
