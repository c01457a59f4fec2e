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

type Maker = Omit<Snippet, "code" | "needsProxy"> & { write: (origin: string, key: string) => string };

const MAKERS: readonly Maker[] = [
  { id: "curl", label: "curl", title: "Terminal", write: curl },
  { id: "openai-js", label: "OpenAI SDK", title: "chat.mjs", write: openAiJs },
  { id: "openai-py", label: "Python", title: "chat.py", write: openAiPython },
  { id: "langchain", label: "LangChain", title: "chat.mjs", write: langChain },
  { id: "claude-code", label: "Claude Code", title: "Terminal", write: claudeCode },
  { id: "codex", label: "codex", title: "~/.codex/config.toml", write: codex },
  { id: "cursor", label: "Cursor", title: "Settings → Models", write: cursor },
  { id: "opencode", label: "opencode", title: "opencode.json", write: opencode },
];

/** Ready to copy, each with this gateway's address and this key. */
export function snippetsFor(origin: string, key: string): readonly Snippet[] {
  return MAKERS.map(({ write, ...rest }) => ({
    ...rest,
    code: write(origin, key),
    needsProxy: write !== curl,
  }));
}

function curl(origin: string, key: string): string {
  return `curl -N ${origin}/api/ai-chat \\
  -H "Authorization: Bearer ${key}" \\
  -H "Content-Type: application/json" \\
  -d '{"message": "Hello! Who are you?"}'`;
}

function openAiJs(origin: string, key: string): string {
  return `import OpenAI from "openai";

const client = new OpenAI({ baseURL: "${origin}/api/v1", apiKey: "${key}" });
const answer = await client.chat.completions.create({
  model: "smart",
  messages: [{ role: "user", content: "Hello! Who are you?" }],
});
console.log(answer.choices[0].message.content);`;
}

function openAiPython(origin: string, key: string): string {
  return `from openai import OpenAI

client = OpenAI(base_url="${origin}/api/v1", api_key="${key}")
answer = client.chat.completions.create(
    model="smart",
    messages=[{"role": "user", "content": "Hello! Who are you?"}],
)
print(answer.choices[0].message.content)`;
}

function langChain(origin: string, key: string): string {
  return `import { ChatOpenAI } from "@langchain/openai";

const model = new ChatOpenAI({
  model: "smart",
  apiKey: "${key}",
  configuration: { baseURL: "${origin}/api/v1" },
});
const answer = await model.invoke("Hello! Who are you?");
console.log(answer.content);`;
}

function claudeCode(origin: string, key: string): string {
  return `export ANTHROPIC_BASE_URL=${origin}/api
export ANTHROPIC_AUTH_TOKEN=${key}
claude`;
}

function codex(origin: string, key: string): string {
  return `# Then, in the terminal: export SARMALINK_API_KEY=${key}
model = "coder"
model_provider = "sarmalink"

[model_providers.sarmalink]
name = "SarmaLink-AI"
base_url = "${origin}/api/v1"
wire_api = "responses"
env_key = "SARMALINK_API_KEY"`;
}

function cursor(origin: string, key: string): string {
  return `OpenAI API Key:            ${key}
Override OpenAI Base URL:  ${origin}/api/v1
Add model:                 smart`;
}

function opencode(origin: string, key: string): string {
  const config = {
    $schema: "https://opencode.ai/config.json",
    provider: {
      sarmalink: {
        npm: "@ai-sdk/openai-compatible",
        name: "SarmaLink-AI",
        options: { baseURL: `${origin}/api/v1`, apiKey: key },
        models: { smart: { name: "Smart" }, coder: { name: "Coder" } },
      },
    },
  };
  return JSON.stringify(config, null, 2);
}
