"use client";

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

function ServerList({ servers }: { servers: readonly McpServerState[] }) {
  const now = useNow();
  return servers.map((server) => <McpServerCard key={server.id} server={server} now={now} />);
}
