"use client";

import { chatStrings } from "../_strings/chat.ts";
import { IconButton } from "../_ui/button.tsx";
import { classes } from "../_ui/classes.ts";
import { Icon } from "../_ui/icon.tsx";
import type { Attachment, Attachments } from "./use-attachments.ts";

const texts = chatStrings.composer;

/** The files of the next message, with how far they are. */
export function AttachmentList({ attachments: { list, remove } }: { attachments: Attachments }) {
  if (list.length === 0) return null;
  return (
    <ul aria-label={texts.files} className="flex flex-wrap gap-2 px-3 pt-3">
      {list.map((attachment) => (
        <li
          key={attachment.key}
          className={classes(
            "flex max-w-full items-center gap-2 rounded-lg py-1 pr-1 pl-2.5 text-sm",
            attachment.kind === "failed" ? "bg-bad-soft text-bad" : "bg-panel",
          )}
        >
          <AttachmentIcon attachment={attachment} />
          <span className="truncate">{attachment.name}</span>
          <State attachment={attachment} />
          <IconButton
            label={texts.remove(attachment.name)}
            icon="close"
            onClick={() => remove(attachment.key)}
          />
        </li>
      ))}
    </ul>
  );
}

function AttachmentIcon({ attachment: { kind } }: { attachment: Attachment }) {
  if (kind === "uploading") return <Icon name="refresh" size={16} className="animate-spin" />;
  return <Icon name={kind === "failed" ? "warning" : "file"} size={16} />;
}

function State({ attachment }: { attachment: Attachment }) {
  switch (attachment.kind) {
    case "uploading":
      return (
        <span role="status" className="sr-only">
          {texts.uploading(attachment.name)}
        </span>
      );
    case "ready":
      return (
        <span role="status" className="sr-only">
          {texts.attached(attachment.name)}
        </span>
      );
    case "failed":
      return <span role="alert">{attachment.message}</span>;
  }
}
