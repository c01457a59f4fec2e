/** Words of /plugins. */
export const pluginsStrings = {
  title: "Plugins",
  lead: "Other projects that run beside the gateway. It calls them for clients without giving their tokens away, and can hand them messages of the chat.",
  states: { ready: "Set up", missing: "Not set up", none: "No HTTP API" },
  autoRoute: "Takes messages of the chat",
  project: "Project",
  setUp: "How to set one up",
  tryOut: "Try it",
  dialogTitle: (name: string): string => `Call ${name}`,
  path: "Path",
  pathHint: "Below the plugin's address, such as /api/chat.",
  body: "Body (JSON)",
  bodyHint: "Empty: a GET without a body.",
  badJson: "This is not JSON.",
  call: "Call",
  answer: "Answer",
  emptyTitle: "No plugin is known",
} as const;
