import { type CurrentTimeEffects, currentTime } from "#lib/tools/basic/current-time.ts";
import { echo } from "#lib/tools/basic/echo.ts";
import { type RandomUuidEffects, randomUuidTool } from "#lib/tools/basic/random-uuid.ts";
import { type ReadDocument, readDocumentTool } from "#lib/tools/documents/read-document-tool.ts";
import type { Tool } from "#lib/tools/tool.ts";

/** A tool of the gateway's own that clients, agents and hosts of MCP may call. None of them changes anything. */
export type CatalogueTool = {
  tool: Tool;
  /** Its name for people. */
  title: string;
  /** It asks services outside the gateway. */
  reachesOut: boolean;
  /** It spends what the operator has of a search service. */
  spendsSearch: boolean;
};

export type CatalogueParts = CurrentTimeEffects &
  RandomUuidEffects & {
    /** None if they are switched off. */
    live: readonly Tool[];
    /** None if no search service is configured. */
    webSearch: Tool | undefined;
    readDocument: ReadDocument;
  };

/** Titles of the live tools; one without a title shows its name. */
const LIVE_TITLES: Readonly<Record<string, string>> = {
  exchange_rates: "Exchange rates",
  weather: "Weather",
  container_tracking: "Container tracking",
  news: "Tech news",
};
/** Live tools that search the web, too. */
const SEARCHING: readonly string[] = ["container_tracking"];

/** The catalogue of tools, one row each. */
export function toolCatalogue({
  live,
  webSearch,
  readDocument,
  ...effects
}: CatalogueParts): CatalogueTool[] {
  const local = { reachesOut: false, spendsSearch: false };
  return [
    { tool: currentTime(effects), title: "Current time", ...local },
    { tool: randomUuidTool(effects), title: "Random UUID", ...local },
    { tool: echo(), title: "Echo", ...local },
    { tool: readDocumentTool(readDocument), title: "Read a document", ...local },
    ...live.map((tool) => ({
      tool,
      title: LIVE_TITLES[tool.name] ?? tool.name,
      reachesOut: true,
      spendsSearch: webSearch !== undefined && SEARCHING.includes(tool.name),
    })),
    ...(webSearch === undefined
      ? []
      : [{ tool: webSearch, title: "Web search", reachesOut: true, spendsSearch: true }]),
  ];
}

/** What is of no use to a model: it has no documents to hand over, and nothing to hear again. */
const NOT_FOR_AGENTS: readonly string[] = ["read_document", "echo"];

/** The tools of the catalogue that an agent's steps are offered. */
export function forAgents(tools: readonly CatalogueTool[]): Tool[] {
  return tools.map(({ tool }) => tool).filter(({ name }) => !NOT_FOR_AGENTS.includes(name));
}
