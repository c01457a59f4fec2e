"use client";

import { type ComponentProps, type FormEvent, useState } from "react";
import type { RequestFilter } from "#lib/browser/admin/request-filter.ts";
import { STATUSES } from "#lib/browser/admin/requests.ts";
import { adminStrings } from "../../_strings/admin.ts";
import { commonStrings } from "../../_strings/common.ts";
import { Button, IconButton } from "../../_ui/button.tsx";
import { CheckboxField, SelectField, TextField } from "../../_ui/field.tsx";
import { Card } from "../../_ui/surfaces.tsx";

const texts = adminStrings.filters;
const STATUS_OPTIONS = [
  { value: "", label: adminStrings.anyStatus },
  ...STATUSES.map((value) => ({ value, label: adminStrings.statuses[value] })),
];

type FiltersProps = {
  current: RequestFilter;
  busy: boolean;
  apply: (filter: RequestFilter) => void;
  refresh: () => void;
};

export function RequestFilters({ current, busy, apply, refresh }: FiltersProps) {
  const [draft, setDraft] = useState(current);
  const set = (change: RequestFilter): void => setDraft({ ...draft, ...change });
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    // The same filters again: what is new is wanted.
    if (JSON.stringify(draft) === JSON.stringify(current)) refresh();
    else apply(draft);
  };
  const clear = (): void => {
    setDraft({});
    apply({});
  };
  return (
    <Card>
      <form onSubmit={submit} className="space-y-4">
        <div className="grid gap-4 sm:grid-cols-2 lg:grid-cols-4">
          <SelectField
            label={texts.status}
            options={STATUS_OPTIONS}
            value={draft.status ?? ""}
            onChange={(event) => set({ status: event.target.value })}
          />
          <Text name="mode" draft={draft} set={set} />
          <Text name="engine" draft={draft} set={set} placeholder={texts.engineHint} />
          <Text name="provider" draft={draft} set={set} />
        </div>
        <MoreFilters draft={draft} set={set} />
        <div className="flex flex-wrap gap-2">
          <Button type="submit" variant="primary" size="sm" icon="filter" busy={busy}>
            {adminStrings.filter}
          </Button>
          <Button size="sm" onClick={clear}>
            {adminStrings.clear}
          </Button>
          <IconButton label={commonStrings.refresh} icon="refresh" onClick={refresh} />
        </div>
      </form>
    </Card>
  );
}

type DraftProps = { draft: RequestFilter; set: (change: RequestFilter) => void };

/** What is asked for less often; open at first if one of them limits. */
function MoreFilters({ draft, set }: DraftProps) {
  const { user, key, route, from, to, minCost, maxCost, cost } = draft;
  const isSet = [user, key, route, from, to, minCost, maxCost, cost].some((value) => (value ?? "") !== "");
  // At first only: it must not fold up under the field that is being emptied.
  const [wasSet] = useState(isSet);
  return (
    <details open={wasSet}>
      <summary className="w-fit text-sm text-muted hover:text-text">{adminStrings.moreFilters}</summary>
      <div className="mt-4 grid gap-4 sm:grid-cols-2 lg:grid-cols-4">
        <Text name="from" type="datetime-local" draft={draft} set={set} />
        <Text name="to" type="datetime-local" draft={draft} set={set} />
        <Text name="minCost" inputMode="decimal" draft={draft} set={set} />
        <Text name="maxCost" inputMode="decimal" draft={draft} set={set} />
        <Text name="user" draft={draft} set={set} />
        <Text name="key" draft={draft} set={set} />
        <Text name="route" draft={draft} set={set} placeholder="/api/ai-chat" />
        <CheckboxField
          className="self-end pb-2"
          label={texts.cost}
          checked={cost === "unknown"}
          onChange={(event) => set({ cost: event.target.checked ? "unknown" : "" })}
        />
      </div>
    </details>
  );
}

type TextProps = DraftProps & { name: Exclude<keyof RequestFilter, "status" | "cost"> } & Pick<
    ComponentProps<"input">,
    "type" | "inputMode" | "placeholder"
  >;

function Text({ name, draft, set, ...input }: TextProps) {
  return (
    <TextField
      {...input}
      label={texts[name]}
      value={draft[name] ?? ""}
      onChange={(event) => set({ [name]: event.target.value })}
    />
  );
}
