import type { McpServerState } from "#lib/browser/admin/mcp.ts";
import { visibleText } from "#lib/browser/readable.ts";
import { adminStrings } from "../../_strings/admin.ts";
import { ago } from "../../_ui/format.ts";
import { Alert, Badge, Card, type Tone } from "../../_ui/surfaces.tsx";
import { Cell, Row, Table } from "../../_ui/table.tsx";

const texts = adminStrings.mcpServers;

const TONES: Readonly<Record<string, Tone>> = { connected: "good", failed: "bad" };

type CardProps = {
  server: McpServerState;
  /** Milliseconds. */
  now: number;
};

/** A server with its state, its tools, and what is wrong with it. */
export function McpServerCard({ server, now }: CardProps) {
  const { id, name, protocolVersion, state, lastError, since, tools, problems } = server;
  return (
    <Card
      title={
        <span className="flex flex-wrap items-center gap-2">
          <span className="text-lg wrap-anywhere">{name}</span>
          {name === id ? null : <span className="font-mono text-xs font-normal text-muted">{id}</span>}
          <Badge tone={TONES[state] ?? "neutral"}>{texts.states[state] ?? state.replaceAll("_", " ")}</Badge>
        </span>
      }
    >
      <div className="space-y-4">
        <p className="flex flex-wrap gap-x-4 gap-y-1 text-sm text-muted">
          {since === null || now === 0 ? null : <span>{texts.since(ago(since, now))}</span>}
          {protocolVersion === null ? null : <span>{texts.protocol(protocolVersion)}</span>}
          <span>{texts.toolCount(tools.length)}</span>
        </p>
        {lastError === null ? null : (
          <Alert tone="warn" title={texts.lastError}>
            {visibleText(lastError)}
          </Alert>
        )}
        {problems.length === 0 ? null : (
          <Alert tone="warn" title={texts.problems}>
            <ul className="mt-1 list-disc space-y-1 pl-4">
              {problems.map((problem) => (
                <li key={problem}>{visibleText(problem)}</li>
              ))}
            </ul>
          </Alert>
        )}
        {tools.length === 0 ? null : <Tools server={server} />}
      </div>
    </Card>
  );
}

function Tools({ server: { name, tools } }: { server: McpServerState }) {
  return (
    <Table caption={texts.toolsCaption(name)} head={texts.toolColumns}>
      {tools.map((tool) => (
        <Row key={tool.name}>
          <Cell className="min-w-40 font-mono text-xs wrap-anywhere">{visibleText(tool.name)}</Cell>
          <Cell>
            {tool.needsApproval ? (
              <Badge tone="warn">{texts.asks}</Badge>
            ) : (
              <Badge tone="good">{texts.runs}</Badge>
            )}
          </Cell>
          <Cell className="min-w-60 wrap-anywhere text-muted">{visibleText(tool.description ?? "")}</Cell>
        </Row>
      ))}
    </Table>
  );
}
