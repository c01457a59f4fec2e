"use client";

import { WINDOWS, type Window } from "#lib/browser/admin/series.ts";
import { adminStrings } from "../../_strings/admin.ts";
import { commonStrings } from "../../_strings/common.ts";
import { IconButton } from "../../_ui/button.tsx";
import { ago } from "../../_ui/format.ts";
import { Badge } from "../../_ui/surfaces.tsx";
import { Tabs } from "../../_ui/tabs.tsx";
import { useNow } from "../../_ui/use-now.ts";
import type { Polled } from "../../_ui/use-polled.ts";

type ToolbarProps = {
  window: Window;
  choose: (window: Window) => void;
  /** What the page shows; all of it is refreshed together. */
  shown: readonly Pick<Polled<unknown>, "readAt" | "problem" | "busy" | "reload">[];
};

const ITEMS = WINDOWS.map((id) => ({ id, label: adminStrings.windows[id] }));

/** How far back the page looks, when it was read, and a button that reads it again. */
export function Toolbar({ window, choose, shown }: ToolbarProps) {
  const now = useNow(5_000);
  const times = shown.flatMap(({ readAt }) => (readAt === undefined ? [] : [readAt]));
  const oldest = times.length === 0 ? undefined : Math.min(...times);
  const problem = shown.find((one) => one.problem !== undefined)?.problem;
  const busy = shown.some((one) => one.busy);
  return (
    <div className="mb-6 flex flex-wrap items-center justify-between gap-3">
      <Tabs label={adminStrings.window} items={ITEMS} value={window} onChange={choose} />
      <div className="flex items-center gap-2 text-sm text-muted">
        <span role="status">
          {problem === undefined ? null : (
            <span title={problem.message}>
              <Badge tone="warn">{adminStrings.notRefreshed}</Badge>
            </span>
          )}
        </span>
        {oldest === undefined ? null : (
          <span>{adminStrings.updated(ago(new Date(oldest).toISOString(), now))}</span>
        )}
        <IconButton
          label={commonStrings.refresh}
          icon="refresh"
          aria-busy={busy}
          className={busy ? "animate-pulse" : ""}
          onClick={() => {
            for (const { reload } of shown) reload();
          }}
        />
      </div>
    </div>
  );
}
