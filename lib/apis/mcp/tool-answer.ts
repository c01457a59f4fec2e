import { isJsonObject } from "#lib/shared/json.ts";
import type { CatalogueTool } from "#lib/tools/catalogue.ts";
import type { ToolResult } from "#lib/tools/tool.ts";

type TextBlock = { type: "text"; text: string };

/** The result of `tools/call`. */
export type ToolAnswer = {
  content: TextBlock[];
  structuredContent?: Record<string, unknown>;
  isError?: boolean;
};

/** What a tool has found, and in a block of its own where that is from. */
export function toolAnswer(result: ToolResult): ToolAnswer {
  const { text, structured, isError } = result;
  return {
    content: [textBlock(text), textBlock(provenanceOf(result))],
    ...(isJsonObject(structured) ? { structuredContent: structured } : {}),
    ...(isError === true ? { isError } : {}),
  };
}

/** A tool that could not do what it was asked, for the model, which may ask again in another way. */
export function failedAnswer(reason: string): ToolAnswer {
  return { content: [textBlock(reason)], isError: true };
}

/** What hosts are told of a tool beside its description. */
export function annotationsOf({ title, reachesOut }: CatalogueTool): {
  title: string;
  readOnlyHint: boolean;
  openWorldHint: boolean;
} {
  return { title, readOnlyHint: true, openWorldHint: reachesOut };
}

function textBlock(text: string): TextBlock {
  return { type: "text", text };
}

function provenanceOf({ source, asOf, links = [] }: ToolResult): string {
  const from = source.url === undefined ? source.name : `${source.name} (${source.url})`;
  const lines = links.map(({ title, uri }) => (title === undefined ? `- ${uri}` : `- ${title}: ${uri}`));
  return [`Source: ${from}${asOf === undefined ? "" : `, as of ${asOf}`}`, ...lines].join("\n");
}
