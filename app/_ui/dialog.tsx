"use client";

import { type ReactNode, useEffect, useId, useRef } from "react";
import { commonStrings } from "../_strings/common.ts";
import { Button, IconButton } from "./button.tsx";

type DialogProps = { open: boolean; onClose: () => void; title: string; children: ReactNode };

/** A modal dialog of the browser's own: it keeps the focus, and Escape closes it. */
export function Dialog({ open, onClose, title, children }: DialogProps) {
  const element = useRef<HTMLDialogElement>(null);
  const titleId = useId();
  useEffect(() => {
    const dialog = element.current;
    const opener = document.activeElement;
    if (open && dialog?.open === false) dialog.showModal();
    if (!open && dialog?.open === true) dialog.close();
    return () => {
      // A dialog that is taken off the page, not closed, does not give the focus back by itself.
      if (open && opener instanceof HTMLElement) opener.focus();
    };
  }, [open]);
  return (
    <dialog
      ref={element}
      onClose={onClose}
      aria-labelledby={titleId}
      className="m-auto! max-h-[90dvh] w-[calc(100vw-2rem)] max-w-lg overflow-y-auto rounded-xl border border-line bg-raised p-0 shadow-2xl backdrop:bg-black/50"
    >
      {open ? (
        <div className="relative p-5">
          <h2 id={titleId} className="mb-4 pr-10 text-lg font-semibold">
            {title}
          </h2>
          {children}
          {/* The last in order: a dialog begins at its first field. */}
          <IconButton
            label={commonStrings.close}
            icon="close"
            onClick={onClose}
            className="absolute top-3.5 right-3.5"
          />
        </div>
      ) : null}
    </dialog>
  );
}

type ConfirmProps = {
  open: boolean;
  title: string;
  text: string;
  /** What the button does, as a verb. */
  action: string;
  danger?: boolean;
  busy?: boolean;
  error?: string | undefined;
  onConfirm: () => void;
  onClose: () => void;
};

/** Asks before something that cannot be taken back. */
export function ConfirmDialog(props: ConfirmProps) {
  const { open, title, text, action, danger = false, busy = false, error, onConfirm, onClose } = props;
  return (
    <Dialog open={open} onClose={onClose} title={title}>
      <p className="text-sm text-muted">{text}</p>
      {error === undefined ? null : (
        <p role="alert" className="mt-3 text-sm text-bad">
          {error}
        </p>
      )}
      <div className="mt-5 flex justify-end gap-2">
        <Button onClick={onClose}>{commonStrings.cancel}</Button>
        <Button variant={danger ? "danger" : "primary"} busy={busy} onClick={onConfirm}>
          {action}
        </Button>
      </div>
    </Dialog>
  );
}
