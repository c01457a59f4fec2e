// The Vercel AI SDK through the gateway (which needs ENABLE_OPENAI_PROXY=true).
//   node bin/run.mjs examples/ai-sdk.ts "Hello! Who are you?"
// Settings: SARMALINK_URL (http://localhost:3000), SARMALINK_KEY (the key of a local run, from .data/dev-key).
import { readFileSync } from "node:fs";
import { argv, env, stderr, stdout } from "node:process";
import { createOpenAICompatible } from "@ai-sdk/openai-compatible";
import { streamText } from "ai";

const sarmalink = createOpenAICompatible({
  name: "sarmalink",
  baseURL: `${env["SARMALINK_URL"] ?? "http://localhost:3000"}/api/v1`,
  apiKey: env["SARMALINK_KEY"] ?? readFileSync(".data/dev-key", "utf8").trim(),
  includeUsage: true,
});
const [, , message = "Hello! Who are you?"] = argv;

const answer = streamText({ model: sarmalink("smart"), prompt: message });
for await (const text of answer.textStream) stdout.write(text);
stderr.write(`\n[${(await answer.usage).totalTokens ?? "unknown"} tokens]\n`);
