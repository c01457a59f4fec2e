/** What a plugin is for. */
const INTENTS = [
  "voice",
  "workflow",
  "browse",
  "eval",
  "router",
  "mcp",
  "rag",
  "ocr",
  "webhook",
  "k8s",
  "iac",
] as const;
export type PluginIntent = (typeof INTENTS)[number];

export function isPluginIntent(text: string): text is PluginIntent {
  return (INTENTS as readonly string[]).includes(text);
}

/** How native chat hands a message to a plugin. */
export type AutoRoute = {
  /** Below the plugin's address. */
  path: string;
  /** What the path takes: see `autoRouteBody`. */
  request: "question" | "conversation" | "image" | "workflow";
  /** The field of a JSON answer that is shown as it is, where the answer has no text. */
  shows?: string;
  /** How long it may take to its first text, milliseconds; by default as long as an engine. */
  firstTextTimeoutMs?: number;
};

/** A sibling project that an operator may run beside the gateway. */
export type Plugin = {
  id: string;
  name: string;
  description: string;
  repository: string;
  intents: readonly PluginIntent[];
  /** Its variables are `PLUGIN_<variable>_URL` and `PLUGIN_<variable>_TOKEN`; undefined: it has no HTTP API. */
  variable: string | undefined;
  /** A header in which its API may want the token, beside `Authorization: Bearer`. */
  tokenHeader?: string;
  /** Undefined if it has no API that answers a message. */
  autoRoute?: AutoRoute;
};

/** Where an operator runs a plugin. */
export type PluginEndpoint = {
  /** The address without a slash at its end; every path is below it. */
  base: string;
  token: string | undefined;
};

/** The variable with a plugin's address; undefined if it has no HTTP API. */
export function urlVariable({ variable }: Plugin): string | undefined {
  return variable === undefined ? undefined : `PLUGIN_${variable}_URL`;
}

/** The variable with a plugin's token; undefined if it has no HTTP API. */
export function tokenVariable({ variable }: Plugin): string | undefined {
  return variable === undefined ? undefined : `PLUGIN_${variable}_TOKEN`;
}
