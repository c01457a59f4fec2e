"use client";

import {
  type ClipboardEvent,
  type FormEvent,
  type KeyboardEvent,
  lazy,
  Suspense,
  useEffect,
  useImperativeHandle,
} from "react";
import { chatStrings } from "../_strings/chat.ts";
import { AttachmentList } from "./attachment-list.tsx";
import { ComposerBar } from "./composer-bar.tsx";
import type { ComposerProps } from "./composer-props.ts";
import { DropArea } from "./drop-area.tsx";
import { useAttachments } from "./use-attachments.ts";
import { useDictation } from "./use-dictation.ts";
import { MAX_LENGTH, useDraft } from "./use-draft.ts";

/** It is loaded when somebody dictates. */
const Dictation = lazy(() => import("./dictation.tsx").then((loaded) => ({ default: loaded.Dictation })));

/** Lines that the field grows to, where the browser does not fit it to its text by itself. */
const MAX_ROWS = 8;

/** The field to write in. Enter sends, Escape stops, a slash anywhere on the page comes here. */
export function Composer(props: ComposerProps) {
  const { isAsking, isDisabled, send, stop, writeRef } = props;
  const { text, setText, add, field } = useDraft();
  const dictation = useDictation(field);
  const attachments = useAttachments();
  useImperativeHandle(writeRef, () => add, [add]);
  useFocusOnSlash(field);
  useStopOnEscape(isAsking ? stop : undefined);
  const ready = attachments.list.flatMap((one) => (one.kind === "ready" ? [one.file] : []));
  const isUploading = attachments.list.some(({ kind }) => kind === "uploading");
  const canSend = !isAsking && !isDisabled && !isUploading && (text.trim() !== "" || ready.length > 0);
  const submit = (event?: FormEvent): void => {
    event?.preventDefault();
    if (!canSend) return;
    send(text, ready);
    setText("");
    attachments.clear();
    // The button that was clicked is gone, and the focus with it.
    field.current?.focus();
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
        {dictation.isOpen ? (
          <Suspense fallback={null}>
            <Dictation {...dictation} insert={add} />
          </Suspense>
        ) : null}
        <ComposerBar {...props} canSend={canSend} attach={attachments.add} dictation={dictation} />
      </div>
    </form>
  );
}

/** Pressing Escape stops the answer, wherever the focus is; a dialog or an editor that it closes comes first. */
function useStopOnEscape(stop: (() => void) | undefined): void {
  useEffect(() => {
    if (stop === undefined) return;
    const onKey = (event: globalThis.KeyboardEvent): void => {
      const isTaken = event.defaultPrevented || document.querySelector("dialog[open]") !== null;
      if (event.key === "Escape" && !isTaken) stop();
    };
    // Not the document, where React listens: a menu that Escape closes keeps the key to itself.
    addEventListener("keydown", onKey);
    return () => removeEventListener("keydown", onKey);
  }, [stop]);
}

/** Pressing `/` outside of a field goes to this one. */
function useFocusOnSlash(field: { current: HTMLTextAreaElement | null }): void {
  useEffect(() => {
    const onKey = (event: globalThis.KeyboardEvent): void => {
      const isField = event.target instanceof HTMLElement && event.target.matches("input, textarea, select");
      if (event.key !== "/" || isField || event.ctrlKey || event.metaKey || event.altKey) return;
      event.preventDefault();
      field.current?.focus();
    };
    document.addEventListener("keydown", onKey);
    return () => document.removeEventListener("keydown", onKey);
  }, [field]);
}
