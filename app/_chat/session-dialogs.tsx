"use client";

import { type FormEvent, useState } from "react";
import { callApi } from "#lib/browser/api.ts";
import type { SessionView } from "#lib/browser/sessions.ts";
import { chatStrings } from "../_strings/chat.ts";
import { commonStrings } from "../_strings/common.ts";
import { Button } from "../_ui/button.tsx";
import { ConfirmDialog, Dialog } from "../_ui/dialog.tsx";
import { TextField } from "../_ui/field.tsx";
import { useAction } from "../_ui/use-action.ts";

const texts = chatStrings.sessions;

type DialogProps = { session: SessionView; close: () => void; done: () => void };

export function RenameSession({ session, close, done }: DialogProps) {
  const [title, setTitle] = useState(session.title);
  const { busy, error, run } = useAction();
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    run(async () => {
      await callApi(`/api/sessions/${session.id}`, { method: "PATCH", body: { title } });
      done();
    });
  };
  return (
    <Dialog open onClose={close} title={texts.renameTitle}>
      <form onSubmit={submit} className="space-y-4">
        <TextField
          label={texts.name}
          error={error}
          maxLength={200}
          required
          value={title}
          onChange={(event) => setTitle(event.target.value)}
        />
        <div className="flex justify-end gap-2">
          <Button onClick={close}>{commonStrings.cancel}</Button>
          <Button type="submit" variant="primary" busy={busy}>
            {commonStrings.save}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}

export function DeleteSession({ session, close, done }: DialogProps) {
  const { busy, error, run } = useAction();
  const remove = (): void =>
    run(async () => {
      await callApi(`/api/sessions/${session.id}`, { method: "DELETE" });
      done();
    });
  return (
    <ConfirmDialog
      open
      danger
      busy={busy}
      error={error}
      title={texts.deleteTitle}
      text={texts.deleteText}
      action={commonStrings.delete}
      onConfirm={remove}
      onClose={close}
    />
  );
}
