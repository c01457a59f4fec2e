import { randomUUID } from "node:crypto";
import type { WebSearchPart } from "#lib/server/wiring/web-search.ts";
import type { KeyAdmission } from "#lib/services/admission/key-admission.ts";
import type { DocumentReader } from "#lib/services/documents/document-reader.ts";
import { documentTexts } from "#lib/services/documents/read-document.ts";
import type { Logger } from "#lib/services/ports.ts";
import type { CatalogueDependencies } from "#lib/services/tools/catalogue-call.ts";
import type { ToolEndpoint } from "#lib/services/tools/tool-endpoint.ts";
import type { Clock } from "#lib/shared/clock.ts";
import { lazyAsync } from "#lib/shared/lazy.ts";
import { toolCatalogue } from "#lib/tools/catalogue.ts";
import type { Tool } from "#lib/tools/tool.ts";

export type ToolServingParts = {
  /** The live tools. */
  live: readonly Tool[];
  webSearch: WebSearchPart | undefined;
  documents(): DocumentReader;
  admission: KeyAdmission;
  clock: Clock;
  logger: Logger;
};

/** The gateway's own tools, and the MCP server that offers them. */
export type ToolServing = CatalogueDependencies & {
  admission: KeyAdmission;
  /** The MCP server. Its library is loaded at the first use. */
  server(): Promise<ToolEndpoint>;
};

export function createToolServing(parts: ToolServingParts): ToolServing {
  const { live, webSearch, documents, admission, clock, logger } = parts;
  return {
    tools: toolCatalogue({
      live,
      webSearch: webSearch?.tool,
      readDocument: documentTexts(documents),
      wallNow: () => clock.wallNow(),
      randomUuid: randomUUID,
    }),
    ...{ admission, clock, logger },
    server: lazyAsync(async () => {
      const { serveTools, toolServer } = await import("#lib/adapters/mcp/tool-server.ts");
      return serveTools(toolServer, logger);
    }),
  };
}
