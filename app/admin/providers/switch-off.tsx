"use client";

import { callApi } from "#lib/browser/api.ts";
import { adminStrings } from "../../_strings/admin.ts";
import { ConfirmDialog } from "../../_ui/dialog.tsx";
import { useAction } from "../../_ui/use-action.ts";

type SwitchOffProps = {
  /** A provider, or `provider/model`. */
  target: string;
  close: () => void;
  done: () => void;
};

/** Asks, and then switches a provider or an engine off everywhere. */
export function SwitchOff({ target, close, done }: SwitchOffProps) {
  const { busy, error, run } = useAction();
  const confirm = (): void =>
    run(async () => {
      const named = target.includes("/") ? { engine: target } : { provider: target };
      await callApi("/api/admin/overrides", { method: "PUT", body: { kind: "off", ...named } });
      done();
    });
  return (
    <ConfirmDialog
      open
      danger
      busy={busy}
      error={error}
      title={adminStrings.switchOffTitle(target)}
      text={adminStrings.switchOffText}
      action={adminStrings.switchOff}
      onConfirm={confirm}
      onClose={close}
    />
  );
}
