import type { Plugin } from "#lib/plugins/plugin.ts";

const repository = (id: string): string => `https://github.com/sarmakska/${id}`;

/** A vision model that reads a whole receipt, or a local model that is loaded first, takes a while; milliseconds. */
const SLOW_FIRST_TEXT_MS = 45_000;

/** The plugin that is an MCP server. */
export const MCP_PLUGIN = "mcp-server-toolkit";

/**
 * The plugin registry. Paths are those of the projects' own servers (rag-over-pdf `app/api/chat/route.ts`,
 * local-llm-router `src/index.ts`, receipt-scanner `app/api/scan/route.ts`, agent-orchestrator
 * `apps/api/src/index.ts`). The others have no API that answers a message: voice-agent-starter speaks over a
 * WebSocket, ai-eval-runner shows pages, webhook-to-email only takes, mcp-server-toolkit offers tools.
 */
export const PLUGINS: readonly Plugin[] = [
  {
    id: "voice-agent-starter",
    name: "Voice agent",
    description: "Spoken conversations in real time: speech to text, a model, text to speech.",
    repository: repository("voice-agent-starter"),
    intents: ["voice"],
    variable: "VOICE_AGENT",
  },
  {
    id: "agent-orchestrator",
    name: "Agent orchestrator",
    description: "Durable workflows of several agents, with replay and budgets.",
    repository: repository("agent-orchestrator"),
    intents: ["workflow", "browse"],
    variable: "AGENT_ORCHESTRATOR",
    autoRoute: { path: "/runs", request: "workflow" },
  },
  {
    id: "ai-eval-runner",
    name: "Eval runner",
    description: "Runs data sets through models, scores the answers and finds regressions.",
    repository: repository("ai-eval-runner"),
    intents: ["eval"],
    variable: "EVAL_RUNNER",
  },
  {
    id: "local-llm-router",
    name: "Local LLM router",
    description: "An OpenAI-compatible proxy that chooses between local and cloud models by a policy.",
    repository: repository("local-llm-router"),
    intents: ["router"],
    variable: "LLM_ROUTER",
    autoRoute: {
      path: "/v1/chat/completions",
      request: "conversation",
      firstTextTimeoutMs: SLOW_FIRST_TEXT_MS,
    },
  },
  {
    id: MCP_PLUGIN,
    name: "MCP server",
    description: "A Model Context Protocol server with tools.",
    repository: repository(MCP_PLUGIN),
    intents: ["mcp"],
    variable: "MCP_SERVER",
    tokenHeader: "x-api-key",
  },
  {
    id: "rag-over-pdf",
    name: "PDF questions",
    description: "Answers questions from indexed PDF files, with citations.",
    repository: repository("rag-over-pdf"),
    intents: ["rag"],
    variable: "RAG_PDF",
    autoRoute: { path: "/api/chat", request: "question" },
  },
  {
    id: "receipt-scanner",
    name: "Receipt scanner",
    description: "Reads photographed receipts into structured data.",
    repository: repository("receipt-scanner"),
    intents: ["ocr"],
    variable: "RECEIPT_SCANNER",
    autoRoute: {
      path: "/api/scan",
      request: "image",
      shows: "receipt",
      firstTextTimeoutMs: SLOW_FIRST_TEXT_MS,
    },
  },
  {
    id: "webhook-to-email",
    name: "Webhook to e-mail",
    description: "Forwards webhooks as e-mails.",
    repository: repository("webhook-to-email"),
    intents: ["webhook"],
    variable: "WEBHOOK_EMAIL",
  },
  {
    id: "k8s-ops-toolkit",
    name: "Kubernetes toolkit",
    description: "A Helm chart and observability for Next.js on Kubernetes.",
    repository: repository("k8s-ops-toolkit"),
    intents: ["k8s"],
    variable: undefined,
  },
  {
    id: "terraform-stack",
    name: "Terraform stack",
    description: "Terraform modules for Vercel, Supabase, Cloudflare and DigitalOcean.",
    repository: repository("terraform-stack"),
    intents: ["iac"],
    variable: undefined,
  },
];

export function pluginById(id: string): Plugin | undefined {
  return PLUGINS.find((plugin) => plugin.id === id);
}
