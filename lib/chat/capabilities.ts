import { type ChatRequest, hasImage } from "#lib/chat/request.ts";

export const CAPABILITIES = [
  "images",
  "tools",
  "custom_tools",
  "forced_tool_choice",
  "json_object",
  "json_schema",
] as const;

/** A capability that a request may need and that not every engine has. */
export type Capability = (typeof CAPABILITIES)[number];

/** The request field that needs each capability, for error messages. */
export const CAPABILITY_FIELDS: Readonly<Record<Capability, string>> = {
  images: "messages",
  tools: "tools",
  custom_tools: "tools",
  forced_tool_choice: "tool_choice",
  json_object: "response_format",
  json_schema: "response_format",
};

/** The required (`must`) and preferred (`should`) capabilities of a request. */
export function requiredCapabilities(request: ChatRequest): { must: Capability[]; should: Capability[] } {
  const must: Capability[] = [];
  const should: Capability[] = [];
  if (hasImage(request)) must.push("images");
  // Engines without custom tools get them as functions.
  if ((request.tools ?? []).some((tool) => tool.type !== "opaque")) must.push("tools");
  const format = request.responseFormat?.type ?? "text";
  if (format !== "text") must.push(format);
  // A model that cannot be forced to call the tool may still call it.
  if (isForced(request)) should.push("forced_tool_choice");
  return { must, should };
}

function isForced({ tools = [], toolChoice }: ChatRequest): boolean {
  if (tools.length === 0 || toolChoice === undefined) return false;
  if (typeof toolChoice === "string") return toolChoice === "required";
  return toolChoice.type === "tool" || toolChoice.required;
}
