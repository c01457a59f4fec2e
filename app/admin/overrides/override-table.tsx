import type { OverrideView } from "#lib/browser/admin/overrides.ts";
import { adminStrings } from "../../_strings/admin.ts";
import { IconButton } from "../../_ui/button.tsx";
import { dateTime } from "../../_ui/format.ts";
import { Badge } from "../../_ui/surfaces.tsx";
import { Cell, Row, Table } from "../../_ui/table.tsx";
import { ActionsHead } from "../_parts/actions-head.tsx";

/** What an override is about: an engine, a provider, or how a chain begins. */
export function nameOf({ target, engines }: OverrideView): string {
  return target ?? engines.join(" → ");
}

type TableProps = { overrides: readonly OverrideView[]; remove: (override: OverrideView) => void };

export function OverrideTable({ overrides, remove }: TableProps) {
  return (
    <Table
      caption={adminStrings.overridesCaption}
      head={[...adminStrings.overrideColumns, <ActionsHead key="actions" />]}
    >
      {overrides.map((override) => {
        const { id, kind, mode, note, expiresAt, updatedAt, updatedBy } = override;
        const name = nameOf(override);
        return (
          <Row key={id}>
            <Cell>
              <span className="flex flex-wrap items-center gap-2">
                <Badge tone={kind === "off" ? "bad" : "accent"}>{adminStrings[kind]}</Badge>
                <span className="font-mono text-xs wrap-anywhere">{name}</span>
              </span>
            </Cell>
            <Cell>{mode ?? adminStrings.everywhere}</Cell>
            <Cell className="max-w-72 wrap-anywhere text-muted">{note ?? ""}</Cell>
            <Cell className="whitespace-nowrap">
              {expiresAt === null ? adminStrings.never : dateTime(expiresAt)}
            </Cell>
            <Cell className="text-muted">
              {updatedBy ?? adminStrings.goneAccount}
              <span className="block text-xs whitespace-nowrap">{dateTime(updatedAt)}</span>
            </Cell>
            <Cell>
              <IconButton
                label={adminStrings.deleteOverride(name)}
                icon="trash"
                onClick={() => remove(override)}
              />
            </Cell>
          </Row>
        );
      })}
    </Table>
  );
}
