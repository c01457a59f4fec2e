import { readableJson, visibleText } from "#lib/browser/readable.ts";
import type { ToolCall, ToolCallState } from "#lib/browser/tool-calls.ts";
import { toolsStrings } from "../_strings/tools.ts";
import { Icon, type IconName } from "./icon.tsx";
import { Badge } from "./surfaces.tsx";

/** One call of a tool: what was called, how it ended, and folded away what was sent and what came back. */
export function ToolCallView({ call }: { call: ToolCall }) {
  const { arguments: sent, result } = call;
  const frame = "min-w-0 rounded-xl border border-line text-sm";
  if (sent === undefined && result === undefined) {
    return (
      <div className={`${frame} px-3 py-2`}>
        <Head call={call} />
      </div>
    );
  }
  return (
    <details className={`group ${frame}`}>
      <summary className="flex list-none items-start gap-2 rounded-xl px-3 py-2 hover:bg-panel">
        <Head call={call} />
        <Icon
          name="chevron-down"
          size={16}
          className="mt-0.5 ml-auto text-muted transition-transform group-open:rotate-180"
        />
      </summary>
      <div className="space-y-3 border-t border-line px-3 py-3">
        {sent === undefined ? null : <StrangersText label={toolsStrings.arguments} text={sent} />}
        {result === undefined ? null : <StrangersText label={toolsStrings.result} text={result} />}
      </div>
    </details>
  );
}

function Head({ call: { name, server, state } }: { call: ToolCall }) {
  return (
    <span className="flex min-w-0 flex-wrap items-center gap-x-2 gap-y-1">
      <StateIcon state={state} />
      <span className="font-medium wrap-anywhere">{toolName(name)}</span>
      {server === undefined ? null : <Badge>{server}</Badge>}
      <span className="text-muted">{toolsStrings.states[state]}</span>
    </span>
  );
}

/** A tool as people call it. */
export function toolName(name: string): string {
  return toolsStrings.names[name] ?? visibleText(name);
}

const ICONS: Readonly<Record<ToolCallState, { name: IconName; className: string }>> = {
  asks: { name: "shield", className: "text-warn" },
  allowed: { name: "check", className: "text-good" },
  refused: { name: "close", className: "text-muted" },
  declined: { name: "close", className: "text-muted" },
  running: { name: "refresh", className: "animate-spin text-accent" },
  done: { name: "check", className: "text-good" },
  failed: { name: "close", className: "text-bad" },
  stopped: { name: "stop", className: "text-muted" },
};

function StateIcon({ state }: { state: ToolCallState }) {
  const { name, className } = ICONS[state];
  return <Icon name={name} size={14} className={className} />;
}

/** A text of a model or of a tool, which is never drawn as anything but text. JSON has a line for each value. */
export function StrangersText({ label, text }: { label: string; text: string }) {
  return (
    <figure className="min-w-0">
      <figcaption className="mb-1 text-xs font-medium text-muted">{label}</figcaption>
      {/* A region that scrolls must be reachable by keyboard. */}
      <section aria-label={label} tabIndex={0} className="max-h-80 overflow-auto rounded-lg bg-panel p-3">
        <pre className="font-mono text-xs leading-relaxed wrap-anywhere whitespace-pre-wrap">
          {readableJson(text)}
        </pre>
      </section>
    </figure>
  );
}
