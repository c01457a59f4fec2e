/** How a client is set up with a key: what to copy, and where it goes. */
type Snippet = {
  id: string;
  label: string;
  /** A file's name, or what runs it. */
  title: string;
  code: string;
  /** Uses a route that `ENABLE_OPENAI_PROXY` switches on. */
  needsProxy: boolean;
};

/** Ready to copy, each with this gateway's address and this key. */
export function snippetsFor(origin: string, key: string): readonly Snippet[] {
  const baseUrl = `${origin}/api/v1`;
  return [
    { id: "curl", label: "curl", title: "Terminal", needsProxy: false, code: curl(origin, key) },
    {
      id: "openai-js",
      label: "OpenAI SDK",
      title: "chat.mjs",
      needsProxy: true,
      code: openAiJs(baseUrl, key),
    },
    {
      id: "openai-py",
      label: "Python",
      title: "chat.py",
      needsProxy: true,
      code: openAiPython(baseUrl, key),
    },
    {
      id: "langchain",
      label: "LangChain",
      title: "chat.mjs",
      needsProxy: true,
      code: langChain(baseUrl, key),
    },
    {
      id: "claude-code",
      label: "Claude Code",
      title: "Terminal",
      needsProxy: true,
      code: claudeCode(origin, key),
    },
    {
      id: "codex",
      label: "codex",
      title: "~/.codex/config.toml",
      needsProxy: true,
      code: codex(baseUrl, key),
    },
    {
      id: "cursor",
      label: "Cursor",
      title: "Settings → Models",
      needsProxy: true,
      code: cursor(baseUrl, key),
    },
    {
      id: "opencode",
      label: "opencode",
      title: "opencode.json",
      needsProxy: true,
      code: opencode(baseUrl, key),
    },
  ];
}

function curl(origin: string, key: string): string {
  return `curl -N ${origin}/api/ai-chat \\
  -H "Authorization: Bearer ${key}" \\
  -H "Content-Type: application/json" \\
  -d '{"message": "Hello! Who are you?"}'`;
}

function openAiJs(baseUrl: string, key: string): string {
  return `import OpenAI from "openai";

const client = new OpenAI({ baseURL: "${baseUrl}", apiKey: "${key}" });
const answer = await client.chat.completions.create({
  model: "smart",
  messages: [{ role: "user", content: "Hello! Who are you?" }],
});
console.log(answer.choices[0].message.content);`;
}

function openAiPython(baseUrl: string, key: string): string {
  return `from openai import OpenAI

client = OpenAI(base_url="${baseUrl}", api_key="${key}")
answer = client.chat.completions.create(
    model="smart",
    messages=[{"role": "user", "content": "Hello! Who are you?"}],
)
print(answer.choices[0].message.content)`;
}

function langChain(baseUrl: string, key: string): string {
  return `import { ChatOpenAI } from "@langchain/openai";

const model = new ChatOpenAI({
  model: "smart",
  apiKey: "${key}",
  configuration: { baseURL: "${baseUrl}" },
});
const answer = await model.invoke("Hello! Who are you?");
console.log(answer.content);`;
}

function claudeCode(origin: string, key: string): string {
  return `export ANTHROPIC_BASE_URL=${origin}/api
export ANTHROPIC_AUTH_TOKEN=${key}
claude`;
}

function codex(baseUrl: string, key: string): string {
  return `# Then, in the terminal: export SARMALINK_API_KEY=${key}
model = "coder"
model_provider = "sarmalink"

[model_providers.sarmalink]
name = "SarmaLink-AI"
base_url = "${baseUrl}"
wire_api = "responses"
env_key = "SARMALINK_API_KEY"`;
}

function cursor(baseUrl: string, key: string): string {
  return `OpenAI API Key:            ${key}
Override OpenAI Base URL:  ${baseUrl}
Add model:                 smart`;
}

function opencode(baseUrl: string, key: string): string {
  const config = {
    $schema: "https://opencode.ai/config.json",
    provider: {
      sarmalink: {
        npm: "@ai-sdk/openai-compatible",
        name: "SarmaLink-AI",
        options: { baseURL: baseUrl, apiKey: key },
        models: { smart: { name: "Smart" }, coder: { name: "Coder" } },
      },
    },
  };
  return JSON.stringify(config, null, 2);
}
