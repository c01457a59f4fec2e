"use client";

import { type ClipboardEvent, type FormEvent, type KeyboardEvent, useEffect, useRef, useState } from "react";
import { chatStrings } from "../_strings/chat.ts";
import { AttachmentList } from "./attachment-list.tsx";
import { ComposerBar } from "./composer-bar.tsx";
import type { ComposerProps } from "./composer-props.ts";
import { DropArea } from "./drop-area.tsx";
import { useAttachments } from "./use-attachments.ts";

/** `message` of the contract. */
const MAX_LENGTH = 200_000;
/** Lines that the field grows to, where the browser does not fit it to its text by itself. */
const MAX_ROWS = 8;

/** The field to write in. Enter sends, Escape stops, a slash anywhere on the page comes here. */
export function Composer(props: ComposerProps) {
  const { isAsking, isDisabled, send, stop } = props;
  const [text, setText] = useState("");
  const field = useRef<HTMLTextAreaElement>(null);
  const attachments = useAttachments();
  usePageKeys(field, stop);
  const ready = attachments.list.flatMap((one) => (one.kind === "ready" ? [one.file] : []));
  const isUploading = attachments.list.some(({ kind }) => kind === "uploading");
  const canSend = !isAsking && !isDisabled && !isUploading && (text.trim() !== "" || ready.length > 0);
  const submit = (event?: FormEvent): void => {
    event?.preventDefault();
    if (!canSend) return;
    send(text, ready);
    setText("");
    attachments.clear();
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    // While a word is being composed (Japanese, Chinese), Enter chooses it.
    if (event.key !== "Enter" || event.shiftKey || event.nativeEvent.isComposing) return;
    event.preventDefault();
    submit();
  };
  const onPaste = (event: ClipboardEvent): void => {
    const { files } = event.clipboardData;
    if (files.length === 0) return;
    event.preventDefault();
    attachments.add(files);
  };
  return (
    <form onSubmit={submit} className="mx-auto w-full max-w-3xl px-3 pb-3 sm:px-4">
      <DropArea add={attachments.add} />
      <div className="rounded-2xl border border-strong-line bg-raised focus-within:border-accent">
        <AttachmentList attachments={attachments} />
        <textarea
          ref={field}
          aria-label={chatStrings.composer.label}
          placeholder={chatStrings.composer.placeholder}
          maxLength={MAX_LENGTH}
          rows={Math.min(MAX_ROWS, text.split("\n").length)}
          value={text}
          onChange={(event) => setText(event.target.value)}
          onKeyDown={onKeyDown}
          onPaste={onPaste}
          className="field-sizing-content block max-h-48 min-h-11 w-full resize-none bg-transparent px-4 pt-3 text-base outline-none placeholder:text-muted"
        />
        <ComposerBar {...props} canSend={canSend} attach={attachments.add} />
      </div>
    </form>
  );
}

/** Wherever the focus is: `/` outside of a field goes to this one, and Escape stops, but not under a dialog. */
function usePageKeys(field: { current: HTMLTextAreaElement | null }, stop: () => void): void {
  const stopNow = useRef(stop);
  useEffect(() => {
    stopNow.current = stop;
  }, [stop]);
  useEffect(() => {
    const onKey = (event: globalThis.KeyboardEvent): void => {
      const target = event.target instanceof HTMLElement ? event.target : document.body;
      if (event.key === "Escape" && target.closest("dialog") === null) stopNow.current();
      const isField = target.matches("input, textarea, select");
      if (event.key !== "/" || isField || event.ctrlKey || event.metaKey || event.altKey) return;
      event.preventDefault();
      field.current?.focus();
    };
    document.addEventListener("keydown", onKey);
    return () => document.removeEventListener("keydown", onKey);
  }, [field]);
}
