"use client";

import { lazy, Suspense, useEffect, useId, useState } from "react";
import type { SessionView } from "#lib/browser/sessions.ts";
import { chatStrings } from "../_strings/chat.ts";
import { commonStrings } from "../_strings/common.ts";
import { mediaStrings } from "../_strings/media.ts";
import { Button } from "../_ui/button.tsx";
import { classes } from "../_ui/classes.ts";
import { ago } from "../_ui/format.ts";
import { Menu } from "../_ui/menu.tsx";
import { Skeleton } from "../_ui/states.tsx";
import { useNow } from "../_ui/use-now.ts";
import { DeleteSession, RenameSession } from "./session-dialogs.tsx";
import type { Sessions } from "./use-sessions.ts";

const texts = chatStrings.sessions;

type SidebarProps = {
  /** On a narrow screen the list lies over the conversation. */
  isOpen: boolean;
  close: () => void;
  sessions: Sessions;
  current: string | undefined;
  open: (id: string) => void;
  begin: () => void;
};

export function Sidebar({ isOpen, close, sessions, current, open, begin }: SidebarProps) {
  useCloseOnEscape(isOpen, close);
  return (
    <>
      {isOpen ? (
        <button
          type="button"
          aria-label={chatStrings.closeSessions}
          onClick={close}
          className="fixed inset-0 top-14 z-10 bg-black/40 md:hidden"
        />
      ) : null}
      <aside
        aria-label={texts.title}
        className={classes(
          "flex w-72 shrink-0 flex-col border-r border-line bg-panel max-md:fixed max-md:inset-y-0 max-md:top-14 max-md:left-0 max-md:z-20",
          !isOpen && "max-md:hidden",
        )}
      >
        <div className="space-y-2 p-3">
          <Button icon="plus" onClick={begin} className="w-full">
            {chatStrings.newChat}
          </Button>
          <input
            type="search"
            aria-label={texts.search}
            placeholder={texts.search}
            value={sessions.search}
            onChange={(event) => sessions.setSearch(event.target.value)}
            className="h-9 w-full rounded-lg border border-line bg-raised px-3 text-base placeholder:text-muted sm:text-sm"
          />
        </div>
        <SessionList sessions={sessions} current={current} open={open} begin={begin} />
      </aside>
    </>
  );
}

/** Escape closes the list where it lies over the conversation, and not what is below; menus and dialogs come first. */
function useCloseOnEscape(isOpen: boolean, close: () => void): void {
  useEffect(() => {
    if (!isOpen) return;
    const onKey = (event: KeyboardEvent): void => {
      if (event.key !== "Escape" || document.querySelector('dialog[open], [role="menu"]') !== null) return;
      event.preventDefault();
      close();
    };
    // Before the key stops the answer.
    addEventListener("keydown", onKey, true);
    return () => removeEventListener("keydown", onKey, true);
  }, [isOpen, close]);
}

/** It is loaded with the first conversation that is exported. */
const PdfDialog = lazy(() => import("./pdf-dialog.tsx").then((loaded) => ({ default: loaded.PdfDialog })));

type Dialog = { kind: "rename" | "delete" | "pdf"; session: SessionView };
type ListProps = Pick<SidebarProps, "sessions" | "current" | "open" | "begin">;

function SessionList({ sessions, current, open, begin }: ListProps) {
  const { page, error, search, reload, loadMore } = sessions;
  const [dialog, setDialog] = useState<Dialog>();
  const now = useNow();
  const done = (): void => {
    if (dialog?.kind === "delete" && dialog.session.id === current) begin();
    setDialog(undefined);
    reload();
  };
  return (
    <div className="min-h-0 grow overflow-y-auto px-2 pb-3">
      {error === undefined ? null : (
        <div role="alert" className="space-y-2 p-2 text-sm text-bad">
          <p>{error.message}</p>
          <Button size="sm" onClick={reload}>
            {commonStrings.retry}
          </Button>
        </div>
      )}
      {page === undefined && error === undefined ? <Skeleton lines={4} /> : null}
      {page?.sessions.length === 0 ? (
        <p className="p-2 text-sm text-muted">{search === "" ? texts.empty : texts.noMatch}</p>
      ) : null}
      <ul>
        {page?.sessions.map((session) => (
          <SessionRow
            key={session.id}
            session={session}
            now={now}
            isCurrent={session.id === current}
            open={open}
            ask={(kind) => setDialog({ kind, session })}
          />
        ))}
      </ul>
      {page?.nextCursor === undefined ? null : (
        <Button size="sm" variant="ghost" className="w-full" onClick={loadMore}>
          {commonStrings.more}
        </Button>
      )}
      {dialog === undefined ? null : (
        <SessionDialog dialog={dialog} close={() => setDialog(undefined)} done={done} />
      )}
    </div>
  );
}

type DialogProps = { dialog: Dialog; close: () => void; done: () => void };

function SessionDialog({ dialog: { kind, session }, close, done }: DialogProps) {
  switch (kind) {
    case "rename":
      return <RenameSession {...{ session, close, done }} />;
    case "delete":
      return <DeleteSession {...{ session, close, done }} />;
    case "pdf":
      return (
        <Suspense fallback={null}>
          <PdfDialog {...{ session, close }} />
        </Suspense>
      );
  }
}

type RowProps = {
  session: SessionView;
  /** Milliseconds. */
  now: number;
  isCurrent: boolean;
  open: (id: string) => void;
  ask: (kind: Dialog["kind"]) => void;
};

function SessionRow({ session, now, isCurrent, open, ask }: RowProps) {
  const { id, title, updatedAt } = session;
  const dateId = useId();
  return (
    <li
      className={classes(
        "flex items-center gap-1 rounded-lg pr-1",
        isCurrent ? "bg-accent-soft" : "hover:bg-raised",
      )}
    >
      <div className="relative min-w-0 grow">
        <button
          type="button"
          aria-current={isCurrent ? "true" : undefined}
          aria-describedby={dateId}
          title={title}
          onClick={() => open(id)}
          className="block w-full truncate rounded-lg px-2.5 pt-1.5 pb-6 text-left text-sm"
        >
          {title}
        </button>
        {/* Beside the button, whose name is the title alone. */}
        <span id={dateId} className="pointer-events-none absolute bottom-1.5 left-2.5 text-xs text-muted">
          {now === 0 || updatedAt === "" ? null : ago(updatedAt, now)}
        </span>
      </div>
      <Menu
        label={texts.actions(title)}
        items={[
          { label: texts.rename, icon: "pencil", onSelect: () => ask("rename") },
          { label: mediaStrings.pdf.download, icon: "download", onSelect: () => ask("pdf") },
          { label: commonStrings.delete, icon: "trash", danger: true, onSelect: () => ask("delete") },
        ]}
      />
    </li>
  );
}
