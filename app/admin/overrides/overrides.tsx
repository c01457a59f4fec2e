"use client";

import { useState } from "react";
import { type InstanceView, type OverrideView, readOverrides } from "#lib/browser/admin/overrides.ts";
import { callApi } from "#lib/browser/api.ts";
import { adminStrings } from "../../_strings/admin.ts";
import { commonStrings } from "../../_strings/common.ts";
import { Button } from "../../_ui/button.tsx";
import { ConfirmDialog } from "../../_ui/dialog.tsx";
import { ago } from "../../_ui/format.ts";
import { LoadedView } from "../../_ui/loaded.tsx";
import { EmptyState } from "../../_ui/states.tsx";
import { Badge, Card } from "../../_ui/surfaces.tsx";
import { Cell, Row, Table } from "../../_ui/table.tsx";
import { useAction } from "../../_ui/use-action.ts";
import { useNow } from "../../_ui/use-now.ts";
import { usePolled } from "../../_ui/use-polled.ts";
import { OverrideForm } from "./override-form.tsx";
import { nameOf, OverrideTable } from "./override-table.tsx";

/** What is open above the list. */
type OpenDialog = { kind: "add" } | { kind: "delete"; override: OverrideView };

/** What administrators have switched off or reordered. */
export function Overrides() {
  const { state, reload } = usePolled("/api/admin/overrides", readOverrides);
  const [dialog, setDialog] = useState<OpenDialog>();
  const close = (): void => setDialog(undefined);
  const changed = (): void => {
    close();
    reload();
  };
  const add = (
    <Button variant="primary" size="sm" icon="plus" onClick={() => setDialog({ kind: "add" })}>
      {adminStrings.add}
    </Button>
  );
  return (
    <LoadedView state={state} retry={reload}>
      {({ overrides, instances }) => (
        <div className="space-y-6">
          {overrides.length === 0 ? (
            <Card>
              <EmptyState
                icon="shield"
                title={adminStrings.noOverridesTitle}
                text={adminStrings.noOverridesText}
                action={add}
              />
            </Card>
          ) : (
            <Card title={adminStrings.overrides} actions={add}>
              <OverrideTable
                overrides={overrides}
                remove={(override) => setDialog({ kind: "delete", override })}
              />
            </Card>
          )}
          <Instances instances={instances} />
          {dialog?.kind === "add" ? <OverrideForm close={close} saved={changed} /> : null}
          {dialog?.kind === "delete" ? (
            <DeleteOverride override={dialog.override} close={close} deleted={changed} />
          ) : null}
        </div>
      )}
    </LoadedView>
  );
}

type DeleteProps = { override: OverrideView; close: () => void; deleted: () => void };

function DeleteOverride({ override, close, deleted }: DeleteProps) {
  const { busy, error, run } = useAction();
  const confirm = (): void =>
    run(async () => {
      await callApi(`/api/admin/overrides/${override.id}`, { method: "DELETE" });
      deleted();
    });
  return (
    <ConfirmDialog
      open
      danger
      busy={busy}
      error={error}
      title={adminStrings.deleteTitle}
      text={`${nameOf(override)}: ${adminStrings.deleteText}`}
      action={commonStrings.delete}
      onConfirm={confirm}
      onClose={close}
    />
  );
}

function Instances({ instances }: { instances: readonly InstanceView[] }) {
  const now = useNow();
  const texts = adminStrings.instances;
  if (instances.length === 0) return null;
  return (
    <Card title={texts.title}>
      <Table caption={texts.caption} head={texts.columns}>
        {instances.map(({ id, host, pid, version, startedAt, isThis }) => (
          <Row key={id}>
            <Cell>
              <span className="flex flex-wrap items-center gap-2">
                {host}
                {isThis ? <Badge tone="accent">{texts.isThis}</Badge> : null}
              </span>
            </Cell>
            <Cell className="tabular-nums">{pid}</Cell>
            <Cell>{version}</Cell>
            <Cell className="text-muted">{ago(startedAt, now)}</Cell>
          </Row>
        ))}
      </Table>
    </Card>
  );
}
