// A client of POST /api/ai-chat in plain JavaScript: no package, Node.js 20 or later, Deno or Bun.
//   node examples/stream-chat.mjs "Hello! Who are you?" [session id]
// Settings: SARMALINK_URL (http://localhost:3000), SARMALINK_KEY (the key of a local run, from .data/dev-key).
import { readFileSync } from "node:fs";
import { argv, env, exit, stderr, stdout } from "node:process";

const url = env["SARMALINK_URL"] ?? "http://localhost:3000";
const key = env["SARMALINK_KEY"] ?? readFileSync(".data/dev-key", "utf8").trim();
const [, , message = "Hello! Who are you?", sessionId] = argv;

/** The events of an answer. Every frame is one line `data: <JSON>` and a blank line; other lines are ignored. */
async function* eventsOf(response) {
  let rest = "";
  for await (const text of response.body.pipeThrough(new TextDecoderStream())) {
    const lines = (rest + text).split("\n");
    rest = lines.pop();
    for (const line of lines) if (line.startsWith("data: ")) yield JSON.parse(line.slice(6));
  }
}

const response = await fetch(`${url}/api/ai-chat`, {
  method: "POST",
  headers: { authorization: `Bearer ${key}`, "content-type": "application/json" },
  body: JSON.stringify({ message, sessionId }),
});
// Before the stream an error is a status and a JSON body; inside it, an event.
if (!response.ok) {
  stderr.write(`${response.status} ${await response.text()}\n`);
  exit(1);
}

let last;
for await (const event of eventsOf(response)) {
  if (event.type === "token") stdout.write(event.text);
  else if (event.type === "session") stderr.write(`[session ${event.id}]\n`);
  else if (event.type === "attempt") stderr.write(`[${event.engine}: ${event.outcome}]\n`);
  else if (event.type === "backend") stderr.write(`[answered by ${event.label}]\n`);
  else if (event.type === "error") stderr.write(`\n[${event.code}: ${event.message}]\n`);
  last = event.type;
}
stdout.write("\n");
// A stream that ends with neither `done` nor `error` was cut: the answer is incomplete.
if (last !== "done") exit(1);
