"use client";

import { useState } from "react";
import { callApi } from "#lib/browser/api.ts";
import { type MemoryView, readMemories } from "#lib/browser/memories.ts";
import { memoryStrings } from "../_strings/memory.ts";
import { Button, IconButton } from "../_ui/button.tsx";
import { ConfirmDialog } from "../_ui/dialog.tsx";
import { ago } from "../_ui/format.ts";
import { EmptyState, ErrorState, Skeleton } from "../_ui/states.tsx";
import { Alert } from "../_ui/surfaces.tsx";
import { useAction } from "../_ui/use-action.ts";
import { useLoaded } from "../_ui/use-loaded.ts";
import { useNow } from "../_ui/use-now.ts";
import { AddFact, EditFact } from "./fact-forms.tsx";

/** The facts that are remembered of the signed-in user. */
export function Memories() {
  const { state, reload } = useLoaded("/api/memories", readMemories);
  switch (state.kind) {
    case "loading":
      return <Skeleton lines={4} />;
    case "failed":
      return <ErrorState text={state.error.message} requestId={state.error.requestId} retry={reload} />;
    case "ready":
      return (
        <div className="space-y-6">
          <AddFact added={reload} />
          {state.value.length === 0 ? (
            <EmptyState icon="memory" title={memoryStrings.emptyTitle} text={memoryStrings.emptyText} />
          ) : (
            <FactList memories={state.value} changed={reload} />
          )}
        </div>
      );
  }
}

type ListProps = { memories: readonly MemoryView[]; changed: () => void };

function FactList({ memories, changed }: ListProps) {
  const [edited, setEdited] = useState<MemoryView>();
  const [asksForAll, setAsksForAll] = useState(false);
  const now = useNow();
  const { busy, error, run } = useAction();
  const remove = (query: string): void =>
    run(async () => {
      await callApi(`/api/memories?${query}`, { method: "DELETE" });
      setAsksForAll(false);
      changed();
    });
  return (
    <>
      {error === undefined || asksForAll ? null : <Alert tone="bad">{error}</Alert>}
      <ul aria-label={memoryStrings.list} className="divide-y divide-line rounded-xl border border-line">
        {memories.map((memory) => (
          <FactRow
            key={memory.id}
            memory={memory}
            now={now}
            edit={() => setEdited(memory)}
            remove={() => remove(`id=${memory.id}`)}
          />
        ))}
      </ul>
      <Button variant="danger" icon="trash" onClick={() => setAsksForAll(true)}>
        {memoryStrings.all}
      </Button>
      {edited === undefined ? null : (
        <EditFact memory={edited} close={() => setEdited(undefined)} saved={changed} />
      )}
      <ConfirmDialog
        open={asksForAll}
        danger
        busy={busy}
        error={error}
        title={memoryStrings.allTitle}
        text={memoryStrings.allText}
        action={memoryStrings.all}
        onConfirm={() => remove("all=true")}
        onClose={() => setAsksForAll(false)}
      />
    </>
  );
}

type RowProps = { memory: MemoryView; now: number; edit: () => void; remove: () => void };

function FactRow({ memory: { fact, updatedAt }, now, edit, remove }: RowProps) {
  return (
    <li className="flex items-center gap-2 py-2.5 pr-2 pl-4">
      <div className="min-w-0 grow">
        <p className="wrap-anywhere">{fact}</p>
        <p className="text-xs text-muted">{memoryStrings.changed(ago(updatedAt, now))}</p>
      </div>
      <IconButton label={memoryStrings.edit(fact)} icon="pencil" onClick={edit} />
      <IconButton label={memoryStrings.remove(fact)} icon="trash" onClick={remove} />
    </li>
  );
}
