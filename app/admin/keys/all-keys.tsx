"use client";

import { type FormEvent, useState } from "react";
import { readKeyPage } from "#lib/browser/admin/keys.ts";
import type { KeyView } from "#lib/browser/keys.ts";
import { adminStrings } from "../../_strings/admin.ts";
import { Button } from "../../_ui/button.tsx";
import { TextField } from "../../_ui/field.tsx";
import { EmptyState } from "../../_ui/states.tsx";
import { Card } from "../../_ui/surfaces.tsx";
import { RevokeKey } from "../../keys/key-actions.tsx";
import { Paged } from "../_parts/paged.tsx";
import { usePages } from "../_parts/use-pages.ts";
import { AllKeysTable } from "./all-keys-table.tsx";

/** The gateway keys of all users; an administrator may revoke each. */
export function AllKeys() {
  const [userId, setUserId] = useState("");
  const [target, setTarget] = useState<KeyView>();
  const whose = userId === "" ? "all=true" : `user_id=${encodeURIComponent(userId)}`;
  const pages = usePages(`/api/keys?${whose}&limit=50`, readKeyPage);
  const close = (): void => setTarget(undefined);
  return (
    <div className="space-y-6">
      <UserFilter userId={userId} busy={pages.busy} choose={setUserId} />
      <Card>
        <Paged
          pages={pages}
          empty={<EmptyState icon="key" title={adminStrings.noKeysTitle} text={adminStrings.noKeysText} />}
        >
          {(rows) => <AllKeysTable keys={rows} choose={setUserId} revoke={setTarget} />}
        </Paged>
      </Card>
      {target === undefined ? null : (
        <RevokeKey
          target={target}
          close={close}
          revoked={() => {
            close();
            pages.reload();
          }}
        />
      )}
    </div>
  );
}

type FilterProps = { userId: string; busy: boolean; choose: (userId: string) => void };

function UserFilter({ userId, busy, choose }: FilterProps) {
  const [draft, setDraft] = useState<string>();
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    choose((draft ?? userId).trim());
    setDraft(undefined);
  };
  return (
    <form onSubmit={submit} className="flex max-w-xl items-end gap-2">
      <div className="grow">
        <TextField
          label={adminStrings.keyFilter}
          placeholder={adminStrings.keyFilterHint}
          value={draft ?? userId}
          onChange={(event) => setDraft(event.target.value)}
        />
      </div>
      <Button type="submit" icon="filter" busy={busy}>
        {adminStrings.filter}
      </Button>
    </form>
  );
}
