"use client";

import { useEffect, useRef } from "react";
import { type McpServerState, readMcpStates } from "#lib/browser/admin/mcp.ts";
import { callApi } from "#lib/browser/api.ts";
import { adminStrings } from "../../_strings/admin.ts";
import { Button, LinkButton } from "../../_ui/button.tsx";
import { LoadedView } from "../../_ui/loaded.tsx";
import { EmptyState } from "../../_ui/states.tsx";
import { Alert } from "../../_ui/surfaces.tsx";
import { useAction } from "../../_ui/use-action.ts";
import { useNow } from "../../_ui/use-now.ts";
import { usePolled } from "../../_ui/use-polled.ts";
import { McpServerCard } from "./mcp-server-card.tsx";

const texts = adminStrings.mcpServers;

/** The MCP servers of this gateway: whether they answer, and which tools they have. */
export function McpServers() {
  const { state, reload } = usePolled("/api/admin/mcp", readMcpStates);
  const { busy, error, run } = useAction();
  const askAgain = (): void =>
    run(async () => {
      await callApi("/api/admin/mcp?refresh=1");
      reload();
    });
  useOnce(state.kind === "ready" && state.value.some((server) => server.state === "unused"), askAgain);
  return (
    <LoadedView state={state} retry={reload}>
      {(servers) =>
        servers.length === 0 ? (
          <EmptyState
            icon="plug"
            title={texts.emptyTitle}
            text={<p>{texts.emptyText}</p>}
            action={
              <LinkButton href="/docs/mcp" icon="book">
                {texts.setUp}
              </LinkButton>
            }
          />
        ) : (
          <div className="space-y-6">
            <div className="flex flex-wrap items-center justify-between gap-3">
              <p className="text-sm text-muted">{texts.ownView}</p>
              <Button size="sm" icon="refresh" busy={busy} onClick={askAgain}>
                {texts.askAgain}
              </Button>
            </div>
            {error === undefined ? null : <Alert tone="bad">{error}</Alert>}
            <ServerList servers={servers} />
          </div>
        )
      }
    </LoadedView>
  );
}

/** After a start, no server was asked yet: whoever opens the page wants to see their tools. */
function useOnce(isWanted: boolean, action: () => void): void {
  const isDone = useRef(false);
  useEffect(() => {
    if (!isWanted || isDone.current) return;
    isDone.current = true;
    action();
  }, [isWanted, action]);
}

function ServerList({ servers }: { servers: readonly McpServerState[] }) {
  const now = useNow();
  return servers.map((server) => <McpServerCard key={server.id} server={server} now={now} />);
}
