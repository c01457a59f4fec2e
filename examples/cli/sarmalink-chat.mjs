#!/usr/bin/env node
// A chat in the terminal on POST /api/ai-chat, without any package.
//   npx ./examples/cli                      a conversation; /help says what else it takes
//   npx ./examples/cli "One question"       one answer on standard output, for scripts and pipes
// Settings: SARMALINK_URL (http://localhost:3000), SARMALINK_KEY (the key of a local run, from .data/dev-key).
import { readFileSync } from "node:fs";
import { argv, env, exit, stderr, stdin, stdout } from "node:process";
import { createInterface } from "node:readline/promises";

const HELP = `/new           begin a new conversation
/model <mode>  smart, reasoner, live, fast, coder, vision or auto
/quit          leave
Ctrl+C stops an answer; between answers it leaves.`;

const url = env["SARMALINK_URL"] ?? "http://localhost:3000";
const conversation = { sessionId: undefined, model: "auto" };

function readKey() {
  if (env["SARMALINK_KEY"]) return env["SARMALINK_KEY"];
  try {
    return readFileSync(".data/dev-key", "utf8").trim();
  } catch {
    stderr.write("Set SARMALINK_KEY to a gateway key, or run this in the folder of a local gateway.\n");
    return exit(1);
  }
}
const key = readKey();

const dim = (text) => (stderr.isTTY ? `\x1b[2m${text}\x1b[0m` : text);
const note = (text) => stderr.write(`${dim(`[${text}]`)}\n`);

async function* eventsOf(response) {
  let rest = "";
  for await (const text of response.body.pipeThrough(new TextDecoderStream())) {
    const lines = (rest + text).split("\n");
    rest = lines.pop();
    for (const line of lines) if (line.startsWith("data: ")) yield JSON.parse(line.slice(6));
  }
}

async function readError(response) {
  const text = await response.text();
  try {
    return JSON.parse(text).error.message;
  } catch {
    return `The gateway answered ${response.status}.`;
  }
}

/** What a user should know of an event; the text itself goes to standard output. */
function show(event) {
  switch (event.type) {
    case "token":
      return stdout.write(event.text);
    case "session":
      conversation.sessionId = event.id;
      return;
    case "auto_routed":
      return note(`mode ${event.label}`);
    case "tool":
      return event.status === "running" ? undefined : note(`${event.name}: ${event.detail ?? event.status}`);
    case "attempt":
      return note(`${event.engine} did not answer to the end: ${event.outcome}`);
    case "backend":
      return note(`${event.label} answers`);
    case "error":
      return note(`${event.message}${event.retryAfter ? ` Again in ${event.retryAfter} s.` : ""}`);
    case "done":
      return stdout.write("\n");
    default:
      // Clients ignore what they do not know, so that the protocol can grow.
      return undefined;
  }
}

/** Asks and shows the answer; says whether it came to its end. */
async function ask(message, signal) {
  const response = await fetch(`${url}/api/ai-chat`, {
    method: "POST",
    headers: { authorization: `Bearer ${key}`, "content-type": "application/json" },
    body: JSON.stringify({ message, model: conversation.model, sessionId: conversation.sessionId }),
    signal,
  });
  if (!response.ok) {
    note(await readError(response));
    return false;
  }
  let ending;
  for await (const event of eventsOf(response)) {
    show(event);
    if (event.type === "done" || event.type === "error") ending = event.type;
  }
  if (ending === undefined) note("The connection broke: the answer is incomplete.");
  return ending === "done";
}

/** As `ask`, with an error of the network in words. */
async function tryToAsk(message, signal) {
  try {
    return await ask(message, signal);
  } catch (error) {
    note(signal?.aborted ? "stopped" : `${url} cannot be reached: ${error.cause?.code ?? error.message}`);
    return false;
  }
}

async function converse() {
  const terminal = createInterface({ input: stdin, output: stderr, prompt: "> " });
  let answer;
  let isOpen = true;
  terminal.once("close", () => {
    isOpen = false;
  });
  terminal.on("SIGINT", () => (answer === undefined ? terminal.close() : answer.abort()));
  note(`${url}; /help for help`);
  terminal.prompt();
  for await (const line of terminal) {
    const [, command, argument = ""] = /^\/(new|model|help|quit)\b\s*(.*)$/.exec(line.trim()) ?? [];
    if (command === "quit") break;
    else if (command === "help") stderr.write(`${HELP}\n`);
    else if (command === "new") conversation.sessionId = undefined;
    else if (command === "model") conversation.model = argument || "auto";
    else if (line.trim() !== "") {
      answer = new AbortController();
      await tryToAsk(line, answer.signal);
      answer = undefined;
    }
    // Input from a pipe may have ended; the lines that it had are still read.
    if (isOpen) terminal.prompt();
  }
  terminal.close();
}

const [, , ...words] = argv;
if (words.length === 0) await converse();
else exit((await tryToAsk(words.join(" "))) ? 0 : 1);
