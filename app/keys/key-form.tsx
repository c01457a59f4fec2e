"use client";

import { type FormEvent, useState } from "react";
import { callApi } from "#lib/browser/api.ts";
import type { KeyView } from "#lib/browser/keys.ts";
import { commonStrings } from "../_strings/common.ts";
import { keysStrings } from "../_strings/keys.ts";
import { Button } from "../_ui/button.tsx";
import { Dialog } from "../_ui/dialog.tsx";
import { CheckboxField, TextField } from "../_ui/field.tsx";
import { Alert } from "../_ui/surfaces.tsx";
import { useAction } from "../_ui/use-action.ts";
import { bodyOf, changesOf, draftOf, type KeyDraft, MODES, problemsOf } from "./key-draft.ts";
import { secretOf } from "./secret-of.ts";

const texts = keysStrings.form;

type FormProps = {
  /** The key that is changed; absent for a new one. */
  current?: KeyView;
  close: () => void;
  saved: (secret?: string) => void;
};

/** Makes a key, or changes one. */
export function KeyForm({ current, close, saved }: FormProps) {
  const [draft, setDraft] = useState(() => draftOf(current));
  const [tried, setTried] = useState(false);
  const { busy, error, run } = useAction();
  const before = draftOf(current);
  const problemsNow = (): ReturnType<typeof problemsOf> => {
    const { expiresAt, ...others } = problemsOf(draft, Date.now());
    // A key that has expired may get another name and stay expired.
    const isOld = current !== undefined && draft.expiresAt === before.expiresAt;
    return expiresAt === undefined || isOld ? others : { ...others, expiresAt };
  };
  const problems = tried ? problemsNow() : {};
  const set = (change: Partial<KeyDraft>): void => setDraft({ ...draft, ...change });
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    setTried(true);
    if (Object.keys(problemsNow()).length > 0) return;
    run(async () => {
      if (current === undefined)
        saved(secretOf(await callApi("/api/keys", { method: "POST", body: bodyOf(draft) })));
      else {
        await callApi(`/api/keys/${current.id}`, { method: "PATCH", body: changesOf(draft, before) });
        saved();
      }
    });
  };
  return (
    <Dialog open onClose={close} title={current === undefined ? texts.titleNew : texts.titleEdit}>
      <form onSubmit={submit} noValidate className="space-y-4">
        <TextField
          label={texts.name}
          hint={texts.nameHint}
          error={problems.name}
          maxLength={100}
          value={draft.name}
          onChange={(event) => set({ name: event.target.value })}
        />
        <Limits draft={draft} problems={problems} set={set} />
        <ModeChoice chosen={draft.modes} choose={(modes) => set({ modes })} />
        {error === undefined ? null : <Alert tone="bad">{error}</Alert>}
        <div className="flex justify-end gap-2">
          <Button onClick={close}>{commonStrings.cancel}</Button>
          <Button type="submit" variant="primary" busy={busy}>
            {current === undefined ? texts.create : commonStrings.save}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}

type LimitsProps = {
  draft: KeyDraft;
  problems: Partial<Record<keyof KeyDraft, string>>;
  set: (change: Partial<KeyDraft>) => void;
};

function Limits({ draft, problems, set }: LimitsProps) {
  const field = (name: "requestsPerMinute" | "requestsAtOnce" | "usdPerMonth", label: string) => (
    <TextField
      label={label}
      error={problems[name]}
      inputMode="decimal"
      value={draft[name]}
      onChange={(event) => set({ [name]: event.target.value })}
    />
  );
  return (
    <div className="space-y-4">
      <div className="grid gap-4 sm:grid-cols-3">
        {field("requestsPerMinute", texts.requestsPerMinute)}
        {field("requestsAtOnce", texts.requestsAtOnce)}
        {field("usdPerMonth", texts.usdPerMonth)}
      </div>
      <p className="text-sm text-muted">{texts.empty}</p>
      <TextField
        type="datetime-local"
        label={texts.expiresAt}
        hint={texts.expiresHint}
        error={problems.expiresAt}
        value={draft.expiresAt}
        onChange={(event) => set({ expiresAt: event.target.value })}
      />
    </div>
  );
}

type ModeProps = { chosen: readonly string[]; choose: (modes: readonly string[]) => void };

function ModeChoice({ chosen, choose }: ModeProps) {
  return (
    <fieldset>
      <legend className="text-sm font-medium">{texts.modes}</legend>
      <p className="mt-1 mb-2 text-sm text-muted">{texts.modesHint}</p>
      <div className="grid grid-cols-2 gap-2">
        {MODES.map((mode) => (
          <CheckboxField
            key={mode}
            label={mode === "named" ? texts.named : mode}
            checked={chosen.includes(mode)}
            onChange={({ target }) =>
              choose(target.checked ? [...chosen, mode] : chosen.filter((other) => other !== mode))
            }
          />
        ))}
      </div>
    </fieldset>
  );
}
