"use client";

import { type FormEvent, useState } from "react";
import { callApi } from "#lib/browser/api.ts";
import type { MemoryView } from "#lib/browser/memories.ts";
import { commonStrings } from "../_strings/common.ts";
import { memoryStrings } from "../_strings/memory.ts";
import { Button } from "../_ui/button.tsx";
import { Dialog } from "../_ui/dialog.tsx";
import { TextArea, TextField } from "../_ui/field.tsx";
import { useAction } from "../_ui/use-action.ts";

/** Characters of a fact that a user writes. */
const MAX_FACT = 1_000;

export function AddFact({ added }: { added: () => void }) {
  const [fact, setFact] = useState("");
  const { busy, error, run } = useAction();
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    if (fact.trim() === "") return;
    run(async () => {
      await callApi("/api/memories", { method: "PUT", body: { fact } });
      setFact("");
      added();
    });
  };
  return (
    <form onSubmit={submit} className="flex items-end gap-2">
      <div className="grow">
        <TextField
          label={memoryStrings.addLabel}
          placeholder={memoryStrings.addPlaceholder}
          error={error}
          maxLength={MAX_FACT}
          value={fact}
          onChange={(event) => setFact(event.target.value)}
        />
      </div>
      <Button type="submit" variant="primary" busy={busy} aria-label={memoryStrings.add}>
        {memoryStrings.save}
      </Button>
    </form>
  );
}

type EditProps = { memory: MemoryView; close: () => void; saved: () => void };

export function EditFact({ memory, close, saved }: EditProps) {
  const [fact, setFact] = useState(memory.fact);
  const { busy, error, run } = useAction();
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    run(async () => {
      await callApi("/api/memories", { method: "PUT", body: { id: memory.id, fact } });
      close();
      saved();
    });
  };
  return (
    <Dialog open onClose={close} title={memoryStrings.editTitle}>
      <form onSubmit={submit} className="space-y-4">
        <TextArea
          label={memoryStrings.fact}
          error={error}
          maxLength={MAX_FACT}
          required
          value={fact}
          onChange={(event) => setFact(event.target.value)}
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
