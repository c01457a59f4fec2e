import type { CallToolResult, TextContent, ToolAnnotations } from "@modelcontextprotocol/server";
import { isJsonObject } from "#lib/shared/json.ts";
import type { CatalogueTool } from "#lib/tools/catalogue.ts";
import type { ToolResult } from "#lib/tools/tool.ts";

/** The result of `tools/call`: what a tool has found, and in a block of its own where that is from. */
export function toolAnswer(result: ToolResult): CallToolResult {
  const { text, structured, isError } = result;
  return {
    content: [textBlock(text), textBlock(provenanceOf(result))],
    ...(isJsonObject(structured) ? { structuredContent: structured } : {}),
    ...(isError === true ? { isError } : {}),
  };
}

/** A tool that could not do what it was asked, for the model, which may ask again in another way. */
export function failedAnswer(reason: string): CallToolResult {
  return { content: [textBlock(reason)], isError: true };
}

/** What hosts are told of a tool beside its description. */
export function annotationsOf({ title, reachesOut }: CatalogueTool): ToolAnnotations {
  return { title, readOnlyHint: true, openWorldHint: reachesOut };
}

function textBlock(text: string): TextContent {
  return { type: "text", text };
}

function provenanceOf({ source, asOf, links = [] }: ToolResult): string {
  const from = source.url === undefined ? source.name : `${source.name} (${source.url})`;
  const lines = links.map(({ title, uri }) => (title === undefined ? `- ${uri}` : `- ${title}: ${uri}`));
  return [`Source: ${from}${asOf === undefined ? "" : `, as of ${asOf}`}`, ...lines].join("\n");
}
