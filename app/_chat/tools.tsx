import type { ToolStep } from "#lib/browser/turn-view.ts";
import { chatStrings } from "../_strings/chat.ts";
import { Icon, type IconName } from "../_ui/icon.tsx";
import { Badge } from "../_ui/surfaces.tsx";
import { toolName } from "../_ui/tool-call.tsx";

const texts = chatStrings.tools;

/** Steps before the answer: files that were read, live data that was fetched. */
export function Tools({ tools }: { tools: readonly ToolStep[] }) {
  if (tools.length === 0) return null;
  return (
    <ul className="space-y-1 text-sm text-muted">
      {tools.map(({ name, status, detail, server }, index) => (
        <li key={index} className="flex items-start gap-2">
          <Icon
            name={iconFor(status)}
            size={14}
            className={status === "running" ? "mt-1 animate-spin" : "mt-1"}
          />
          <span className="min-w-0 wrap-anywhere">
            <span className="font-medium text-text">{texts.names[name] ?? toolName(name)}</span>{" "}
            {server === undefined ? null : <Badge>{server}</Badge>} {detail ?? wordFor(status)}
          </span>
        </li>
      ))}
    </ul>
  );
}

function iconFor(status: string): IconName {
  if (status === "running") return "refresh";
  return status === "failed" ? "warning" : "check";
}

function wordFor(status: string): string {
  if (status === "running") return texts.running;
  return status === "failed" ? texts.failed : texts.done;
}
