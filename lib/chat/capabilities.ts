import { type ChatRequest, hasImage } from "#lib/chat/request.ts";

export const CAPABILITIES = [
  "images",
  "tools",
  "custom_tools",
  "forced_tool_choice",
  "json_object",
  "json_schema",
] as const;

/** What a request may ask of an engine that not every engine can do. */
export type Capability = (typeof CAPABILITIES)[number];

/** The field of a chat request that asks for each. */
export const CAPABILITY_FIELDS: Readonly<Record<Capability, string>> = {
  images: "messages",
  tools: "tools",
  custom_tools: "tools",
  forced_tool_choice: "tool_choice",
  json_object: "response_format",
  json_schema: "response_format",
};

/** What this request needs: an engine that lacks one of `must` would answer something else than was asked. */
export function requiredCapabilities(request: ChatRequest): { must: Capability[]; should: Capability[] } {
  const must: Capability[] = [];
  const should: Capability[] = [];
  if (hasImage(request)) must.push("images");
  const tools = request.tools ?? [];
  if (tools.some((tool) => tool.type === "function")) must.push("tools");
  if (tools.some((tool) => tool.type === "custom")) must.push("custom_tools");
  const format = request.responseFormat?.type ?? "text";
  if (format !== "text") must.push(format);
  // A model that cannot be made to call the tool may well call it by itself.
  if (isForced(request)) should.push("forced_tool_choice");
  return { must, should };
}

function isForced({ tools = [], toolChoice }: ChatRequest): boolean {
  if (tools.length === 0 || toolChoice === undefined) return false;
  if (typeof toolChoice === "string") return toolChoice === "required";
  return toolChoice.type === "tool" || toolChoice.required;
}
