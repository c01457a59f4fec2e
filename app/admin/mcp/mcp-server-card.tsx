import type { McpServerState, McpToolView } from "#lib/browser/admin/mcp.ts";
import { visibleText } from "#lib/browser/readable.ts";
import { adminStrings } from "../../_strings/admin.ts";
import { ago } from "../../_ui/format.ts";
import { Alert, Badge, Card, type Tone } from "../../_ui/surfaces.tsx";
import { Cell, Row, Table } from "../../_ui/table.tsx";

const texts = adminStrings.mcpServers;

const TONES: Readonly<Record<McpServerState["state"], Tone>> = {
  ...{ unused: "neutral", connected: "good", failed: "bad" },
};

type CardProps = {
  server: McpServerState;
  /** Milliseconds. */
  now: number;
};

/** A server with its state, its tools, and what is wrong with it. What it says of itself is a stranger's text. */
export function McpServerCard({ server, now }: CardProps) {
  const { id, name, state, error, tools, problems } = server;
  return (
    <Card
      title={
        <span className="flex flex-wrap items-center gap-2">
          <span className="text-lg wrap-anywhere">{name}</span>
          {name === id ? null : <span className="font-mono text-xs font-normal text-muted">{id}</span>}
          <Badge tone={TONES[state]}>{texts.states[state]}</Badge>
        </span>
      }
    >
      <div className="space-y-4">
        <Facts server={server} now={now} />
        {error === null ? null : (
          <Alert tone="warn" title={texts.error}>
            {visibleText(error)}
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
        {tools === null || tools.length === 0 ? null : <Tools server={name} tools={tools} />}
      </div>
    </Card>
  );
}

function Facts({ server: { since, software, protocolVersion, tools }, now }: CardProps) {
  const facts = [
    ...(since === null || now === 0 ? [] : [texts.since(ago(since, now))]),
    ...(software === null ? [] : [visibleText(software)]),
    ...(protocolVersion === null ? [] : [texts.protocol(protocolVersion)]),
    tools === null ? texts.notListed : texts.toolCount(tools.length),
  ];
  return (
    <p className="flex flex-wrap gap-x-4 gap-y-1 text-sm wrap-anywhere text-muted">
      {facts.map((fact) => (
        <span key={fact}>{fact}</span>
      ))}
    </p>
  );
}

function Tools({ server, tools }: { server: string; tools: readonly McpToolView[] }) {
  return (
    <Table caption={texts.toolsCaption(server)} head={texts.toolColumns}>
      {tools.map((tool) => (
        <Row key={tool.name}>
          <Cell className="min-w-40 font-mono text-xs wrap-anywhere">{visibleText(tool.name)}</Cell>
          <Cell>
            <Consent tool={tool} />
          </Cell>
          <Cell className="min-w-60 wrap-anywhere text-muted">{visibleText(tool.description ?? "")}</Cell>
        </Row>
      ))}
    </Table>
  );
}

function Consent({ tool: { allowed, needsApproval } }: { tool: McpToolView }) {
  if (!allowed) return <Badge>{texts.hidden}</Badge>;
  return needsApproval ? <Badge tone="warn">{texts.asks}</Badge> : <Badge tone="good">{texts.runs}</Badge>;
}
