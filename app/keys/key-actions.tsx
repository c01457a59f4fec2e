"use client";

import { useState } from "react";
import { callApi } from "#lib/browser/api.ts";
import type { KeyView } from "#lib/browser/keys.ts";
import { commonStrings } from "../_strings/common.ts";
import { keysStrings } from "../_strings/keys.ts";
import { Button } from "../_ui/button.tsx";
import { ConfirmDialog, Dialog } from "../_ui/dialog.tsx";
import { SelectField } from "../_ui/field.tsx";
import { Alert } from "../_ui/surfaces.tsx";
import { useAction } from "../_ui/use-action.ts";
import { secretOf } from "./secret-of.ts";

type RotateProps = { target: KeyView; close: () => void; rotated: (secret: string) => void };

export function RotateKey({ target, close, rotated }: RotateProps) {
  const [grace, setGrace] = useState("86400");
  const { busy, error, run } = useAction();
  const rotate = (): void =>
    run(async () => {
      const body = { graceSeconds: Number(grace) };
      rotated(secretOf(await callApi(`/api/keys/${target.id}/rotate`, { method: "POST", body })));
    });
  return (
    <Dialog open onClose={close} title={keysStrings.rotateTitle(target.name)}>
      <div className="space-y-4">
        <p className="text-sm text-muted">{keysStrings.rotateText}</p>
        <SelectField
          label={keysStrings.grace}
          options={keysStrings.graces}
          value={grace}
          onChange={(event) => setGrace(event.target.value)}
        />
        {error === undefined ? null : <Alert tone="bad">{error}</Alert>}
        <div className="flex justify-end gap-2">
          <Button onClick={close}>{commonStrings.cancel}</Button>
          <Button variant="primary" busy={busy} onClick={rotate}>
            {keysStrings.rotate}
          </Button>
        </div>
      </div>
    </Dialog>
  );
}

type RevokeProps = { target: KeyView; close: () => void; revoked: () => void };

export function RevokeKey({ target, close, revoked }: RevokeProps) {
  const { busy, error, run } = useAction();
  const revoke = (): void =>
    run(async () => {
      await callApi(`/api/keys/${target.id}`, { method: "DELETE" });
      revoked();
    });
  return (
    <ConfirmDialog
      open
      danger
      busy={busy}
      error={error}
      title={keysStrings.revokeTitle(target.name)}
      text={keysStrings.revokeText}
      action={keysStrings.revoke}
      onConfirm={revoke}
      onClose={close}
    />
  );
}
