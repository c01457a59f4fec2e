// LangChain with a tool, through the gateway (which needs ENABLE_OPENAI_PROXY=true).
//   node bin/run.mjs examples/langchain.ts "Hello! Who are you?"
// Settings: SARMALINK_URL (http://localhost:3000), SARMALINK_KEY (the key of a local run, from .data/dev-key).
import { readFileSync } from "node:fs";
import { argv, env, stderr, stdout } from "node:process";
import type { AIMessageChunk } from "@langchain/core/messages";
import { tool } from "@langchain/core/tools";
import { ChatOpenAI } from "@langchain/openai";
import { z } from "zod";

const clock = tool(() => new Date().toISOString(), {
  name: "clock",
  description: "The time now, in UTC.",
  schema: z.object({}),
});
const model = new ChatOpenAI({
  model: "smart",
  apiKey: env["SARMALINK_KEY"] ?? readFileSync(".data/dev-key", "utf8").trim(),
  configuration: { baseURL: `${env["SARMALINK_URL"] ?? "http://localhost:3000"}/api/v1` },
}).bindTools([clock]);
const [, , message = "Hello! Who are you?"] = argv;

let whole: AIMessageChunk | undefined;
for await (const chunk of await model.stream(message)) {
  stdout.write(chunk.text);
  whole = whole === undefined ? chunk : whole.concat(chunk);
}
for (const call of whole?.tool_calls ?? []) stderr.write(`[wants ${call.name}]\n`);
stdout.write("\n");
