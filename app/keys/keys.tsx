"use client";

import { useState } from "react";
import { readKeys } from "#lib/browser/keys.ts";
import { keysStrings } from "../_strings/keys.ts";
import { Button } from "../_ui/button.tsx";
import { PageFrame } from "../_ui/page-frame.tsx";
import { SignedIn } from "../_ui/signed-in.tsx";
import { EmptyState, ErrorState, Skeleton } from "../_ui/states.tsx";
import { Card } from "../_ui/surfaces.tsx";
import { useLoaded } from "../_ui/use-loaded.ts";
import { useSession } from "../_ui/use-session.tsx";
import { RevokeKey, RotateKey } from "./key-actions.tsx";
import type { KeyDialog } from "./key-dialog.ts";
import { KeyForm } from "./key-form.tsx";
import { KeyTable } from "./key-table.tsx";
import { ShownOnce } from "./shown-once.tsx";

/** The gateway keys of the signed-in user. */
export function Keys({ appUrl }: { appUrl: string | undefined }) {
  const [dialog, setDialog] = useState<KeyDialog>();
  const session = useSession();
  const create = (): void => setDialog({ kind: "create" });
  return (
    <PageFrame
      wide
      title={keysStrings.title}
      lead={keysStrings.lead}
      actions={
        session.kind === "signed-in" ? (
          <Button variant="primary" icon="plus" onClick={create}>
            {keysStrings.create}
          </Button>
        ) : null
      }
    >
      <SignedIn>
        <KeyList appUrl={appUrl} dialog={dialog} open={setDialog} />
      </SignedIn>
    </PageFrame>
  );
}

type ListProps = {
  appUrl: string | undefined;
  dialog: KeyDialog | undefined;
  open: (dialog: KeyDialog | undefined) => void;
};

function KeyList({ appUrl, dialog, open }: ListProps) {
  const { state, reload } = useLoaded("/api/keys", readKeys);
  const close = (): void => open(undefined);
  const changed = (secret?: string): void => {
    open(secret === undefined ? undefined : { kind: "shown", secret });
    reload();
  };
  return (
    <>
      {state.kind === "loading" ? <Skeleton lines={5} /> : null}
      {state.kind === "failed" ? (
        <ErrorState text={state.error.message} requestId={state.error.requestId} retry={reload} />
      ) : null}
      {state.kind === "ready" && state.value.length === 0 ? (
        <EmptyState
          icon="key"
          title={keysStrings.emptyTitle}
          text={keysStrings.emptyText}
          action={
            <Button variant="primary" icon="plus" onClick={() => open({ kind: "create" })}>
              {keysStrings.create}
            </Button>
          }
        />
      ) : null}
      {state.kind === "ready" && state.value.length > 0 ? (
        <Card>
          <KeyTable keys={state.value} open={open} />
        </Card>
      ) : null}
      <OpenDialog dialog={dialog} appUrl={appUrl} close={close} changed={changed} />
    </>
  );
}

type OpenProps = {
  dialog: KeyDialog | undefined;
  appUrl: string | undefined;
  close: () => void;
  /** With the new secret, where there is one. */
  changed: (secret?: string) => void;
};

function OpenDialog({ dialog, appUrl, close, changed }: OpenProps) {
  if (dialog === undefined) return null;
  switch (dialog.kind) {
    case "create":
      return <KeyForm close={close} saved={changed} />;
    case "change":
      return <KeyForm current={dialog.key} close={close} saved={changed} />;
    case "rotate":
      return <RotateKey target={dialog.key} close={close} rotated={changed} />;
    case "revoke":
      return <RevokeKey target={dialog.key} close={close} revoked={() => changed()} />;
    case "shown":
      return <ShownOnce secret={dialog.secret} appUrl={appUrl} close={close} />;
  }
}
