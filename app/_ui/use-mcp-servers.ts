"use client";

import { useEffect, useState } from "react";
import { ApiError, callApi } from "#lib/browser/api.ts";
import { type McpServerView, readMcpServers } from "#lib/browser/mcp-servers.ts";

const NONE: readonly McpServerView[] = [];

/** The MCP servers of this gateway; none until they are known, and where that cannot be told. */
export function useMcpServers(): readonly McpServerView[] {
  const [servers, setServers] = useState(NONE);
  useEffect(() => {
    callApi("/api/v1/mcp?servers=1").then(
      (answer) => setServers(readMcpServers(answer)),
      (error: unknown) => {
        if (!(error instanceof ApiError)) throw error;
        setServers(NONE);
      },
    );
  }, []);
  return servers;
}
