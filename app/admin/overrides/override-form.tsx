"use client";

import { type FormEvent, useState } from "react";
import { callApi } from "#lib/browser/api.ts";
import { adminStrings } from "../../_strings/admin.ts";
import { commonStrings } from "../../_strings/common.ts";
import { Button } from "../../_ui/button.tsx";
import { Dialog } from "../../_ui/dialog.tsx";
import { SelectField, TextArea, TextField } from "../../_ui/field.tsx";
import { Alert } from "../../_ui/surfaces.tsx";
import { useAction } from "../../_ui/use-action.ts";
import { bodyOf, CHAIN_MODES, NEW_DRAFT, type OverrideDraft, problemOf } from "./override-draft.ts";

const texts = adminStrings.form;
const KINDS = (["provider", "engine", "order"] as const).map((value) => ({
  value,
  label: texts.kinds[value],
}));
const MODES = CHAIN_MODES.map((value) => ({ value, label: value }));
const ANY_MODE = [{ value: "", label: texts.everywhere }, ...MODES];

type FormProps = { close: () => void; saved: () => void };

/** Switches an engine or a provider off, or reorders a chain. */
export function OverrideForm({ close, saved }: FormProps) {
  const [draft, setDraft] = useState(NEW_DRAFT);
  const [tried, setTried] = useState(false);
  const { busy, error, run } = useAction();
  const problem = tried ? problemOf(draft) : undefined;
  const set = (change: Partial<OverrideDraft>): void => setDraft({ ...draft, ...change });
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    setTried(true);
    if (problemOf(draft) !== undefined) return;
    run(async () => {
      await callApi("/api/admin/overrides", { method: "PUT", body: bodyOf(draft) });
      saved();
    });
  };
  return (
    <Dialog open onClose={close} title={texts.title}>
      <form onSubmit={submit} noValidate className="space-y-4">
        <SelectField
          label={texts.kind}
          options={KINDS}
          value={draft.kind}
          onChange={({ target }) =>
            set({ kind: KINDS.find(({ value }) => value === target.value)?.value ?? "provider" })
          }
        />
        <Target draft={draft} problem={problem} set={set} />
        <TextField
          label={texts.note}
          hint={texts.noteHint}
          maxLength={500}
          value={draft.note}
          onChange={(event) => set({ note: event.target.value })}
        />
        <TextField
          type="datetime-local"
          label={texts.expiresAt}
          hint={texts.expiresHint}
          value={draft.expiresAt}
          onChange={(event) => set({ expiresAt: event.target.value })}
        />
        {error === undefined ? null : <Alert tone="bad">{error}</Alert>}
        <div className="flex justify-end gap-2">
          <Button onClick={close}>{commonStrings.cancel}</Button>
          <Button type="submit" variant="primary" busy={busy}>
            {texts.save}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}

type TargetProps = {
  draft: OverrideDraft;
  problem: string | undefined;
  set: (change: Partial<OverrideDraft>) => void;
};

/** What the override is about, and in which mode. */
function Target({ draft, problem, set }: TargetProps) {
  const isOrder = draft.kind === "order";
  const mode = (
    <SelectField
      label={texts.mode}
      options={isOrder ? MODES : ANY_MODE}
      value={isOrder ? draft.mode || CHAIN_MODES[0] : draft.mode}
      onChange={(event) => set({ mode: event.target.value })}
    />
  );
  if (isOrder) {
    return (
      <>
        {mode}
        <TextArea
          label={texts.engines}
          hint={texts.enginesHint}
          error={problem}
          value={draft.engines}
          onChange={(event) => set({ engines: event.target.value })}
        />
      </>
    );
  }
  return (
    <>
      <TextField
        label={draft.kind === "engine" ? texts.engine : texts.provider}
        {...(draft.kind === "engine" && { hint: texts.engineHint })}
        error={problem}
        value={draft.target}
        onChange={(event) => set({ target: event.target.value })}
      />
      {mode}
    </>
  );
}
