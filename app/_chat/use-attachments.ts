"use client";

import { useRef, useState } from "react";
import { ApiError } from "#lib/browser/api.ts";
import type { AttachedFile } from "#lib/browser/turns.ts";
import { uploadFile } from "#lib/browser/upload.ts";
import { chatStrings } from "../_strings/chat.ts";

/** A file on its way, or there. */
export type Attachment = { key: number; name: string } & (
  | { kind: "uploading"; abort: AbortController }
  | { kind: "ready"; file: AttachedFile }
  | { kind: "failed"; message: string }
);

const MAX_FILES = 10;
/** What `POST /api/attachments/upload` takes, bytes. */
const MAX_BYTES = 15_000_000;

export type Attachments = {
  list: readonly Attachment[];
  add: (files: Iterable<File>) => void;
  remove: (key: number) => void;
  clear: () => void;
};

/** Files for the next message: each is uploaded as soon as it is chosen. */
export function useAttachments(): Attachments {
  const [list, setList] = useState<readonly Attachment[]>([]);
  const nextKey = useRef(0);
  const change = (key: number, to: Attachment): void =>
    setList((old) => old.map((attachment) => (attachment.key === key ? to : attachment)));

  const upload = (file: File): Attachment => {
    const head = { key: nextKey.current++, name: file.name };
    if (file.size > MAX_BYTES) return { ...head, kind: "failed", message: chatStrings.composer.tooLarge };
    const abort = new AbortController();
    uploadFile(file, abort.signal).then(
      (uploaded) => change(head.key, { ...head, kind: "ready", file: uploaded }),
      (error: unknown) => {
        if (abort.signal.aborted) return;
        if (!(error instanceof ApiError)) throw error;
        change(head.key, { ...head, kind: "failed", message: error.message });
      },
    );
    return { ...head, kind: "uploading", abort };
  };
  const add = (files: Iterable<File>): void => {
    const room = MAX_FILES - list.length;
    const chosen = [...files];
    const added = chosen.slice(0, Math.max(0, room)).map(upload);
    const [extra] = chosen.slice(Math.max(0, room));
    if (extra !== undefined) {
      const message = chatStrings.composer.tooMany;
      added.push({ key: nextKey.current++, name: extra.name, kind: "failed", message });
    }
    setList((old) => [...old, ...added]);
  };
  const remove = (key: number): void => {
    const attachment = list.find((one) => one.key === key);
    if (attachment?.kind === "uploading") attachment.abort.abort();
    setList((old) => old.filter((one) => one.key !== key));
  };
  return { list, add, remove, clear: () => setList([]) };
}
