import { z } from "zod";
import { pluginBase } from "#lib/plugins/plugin-address.ts";

const endpoint = z
  .string()
  .transform((text, context) => {
    const base = pluginBase(text);
    if (base === undefined) context.addIssue({ code: "custom" });
    return base ?? "";
  })
  .optional();

/** Visible ASCII: it travels in a header. */
const token = z
  .string()
  .regex(/^[\x21-\x7e]+$/)
  .optional();

/** Where an operator's plugins are, and their tokens. */
export const pluginShape = {
  PLUGIN_VOICE_AGENT_URL: endpoint,
  PLUGIN_VOICE_AGENT_TOKEN: token,
  PLUGIN_AGENT_ORCHESTRATOR_URL: endpoint,
  PLUGIN_AGENT_ORCHESTRATOR_TOKEN: token,
  PLUGIN_EVAL_RUNNER_URL: endpoint,
  PLUGIN_EVAL_RUNNER_TOKEN: token,
  PLUGIN_LLM_ROUTER_URL: endpoint,
  PLUGIN_LLM_ROUTER_TOKEN: token,
  PLUGIN_MCP_SERVER_URL: endpoint,
  PLUGIN_MCP_SERVER_TOKEN: token,
  PLUGIN_RAG_PDF_URL: endpoint,
  PLUGIN_RAG_PDF_TOKEN: token,
  PLUGIN_RECEIPT_SCANNER_URL: endpoint,
  PLUGIN_RECEIPT_SCANNER_TOKEN: token,
  PLUGIN_WEBHOOK_EMAIL_URL: endpoint,
  PLUGIN_WEBHOOK_EMAIL_TOKEN: token,
};

/** Not shown to clients, which the texts about wrong variables may reach. */
const isPrivate = true;
const URL_RULE = {
  allowed: "an address with http:// or https://, without user, query and fragment",
  example: "https://plugin.example.com",
  isPrivate,
};
const TOKEN_RULE = { allowed: "letters, digits and signs without spaces", example: "…", isPrivate };

type Name = keyof typeof pluginShape;

function ruleOf(name: string): typeof URL_RULE {
  return name.endsWith("_URL") ? URL_RULE : TOKEN_RULE;
}

export const PLUGIN_VARIABLE_RULES = Object.fromEntries(
  Object.keys(pluginShape).map((name) => [name, ruleOf(name)]),
) as Readonly<Record<Name, typeof URL_RULE>>;
