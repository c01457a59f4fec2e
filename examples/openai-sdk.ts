// The official OpenAI SDK, pointed at the gateway (which needs ENABLE_OPENAI_PROXY=true).
//   node bin/run.mjs examples/openai-sdk.ts "Hello! Who are you?"
// Settings: SARMALINK_URL (http://localhost:3000), SARMALINK_KEY (the key of a local run, from .data/dev-key).
import { readFileSync } from "node:fs";
import { argv, env, stderr, stdout } from "node:process";
import OpenAI from "openai";

const client = new OpenAI({
  baseURL: `${env["SARMALINK_URL"] ?? "http://localhost:3000"}/api/v1`,
  apiKey: env["SARMALINK_KEY"] ?? readFileSync(".data/dev-key", "utf8").trim(),
});
const [, , message = "Hello! Who are you?"] = argv;

const { data: stream, response } = await client.chat.completions
  // A mode (`smart`), an engine (`groq/llama-3.3-70b-versatile`) or a name that stands for a mode (`gpt-4o-mini`).
  .create({ model: "smart", messages: [{ role: "user", content: message }], stream: true })
  .withResponse();
stderr.write(
  `[${response.headers.get("x-sarmalink-engine")} after ${response.headers.get("x-sarmalink-attempts")} attempts]\n`,
);
for await (const chunk of stream) stdout.write(chunk.choices[0]?.delta.content ?? "");
stdout.write("\n");
