"use client";

import { useState } from "react";
import { fileNameOf } from "#lib/browser/exports/file-name.ts";
import type { SafeImage } from "#lib/browser/markdown/tree.ts";
import { mediaStrings } from "../_strings/media.ts";
import { IconButton, IconLink } from "./button.tsx";
import { useWriteDraft } from "./draft.tsx";
import { Icon } from "./icon.tsx";

const texts = mediaStrings.picture;

/** A picture of an answer, with what can be done with it. */
export function Picture({ src, alt }: { src: SafeImage; alt: string }) {
  const [isGone, setIsGone] = useState(false);
  const write = useWriteDraft();
  const name = alt.trim() === "" ? texts.name : alt;
  if (isGone) {
    return (
      <span className="inline-flex max-w-full items-center gap-1.5 rounded-lg border border-line px-2 py-1 text-sm text-muted">
        <Icon name="image" size={16} />
        <span className="wrap-anywhere">{texts.gone(name)}</span>
      </span>
    );
  }
  return (
    <span className="my-2 block">
      <img
        src={src}
        alt={name}
        loading="lazy"
        onError={() => setIsGone(true)}
        className="max-h-[32rem] max-w-full rounded-xl border border-line"
      />
      <span className="mt-1 flex gap-1">
        <SaveLink src={src} name={name} />
        {write === undefined ? null : (
          <IconButton label={texts.edit} icon="pencil" onClick={() => write(texts.editDraft)} />
        )}
      </span>
    </span>
  );
}

/** A browser saves what is in the page or a file of its own origin; a storage decides itself what it sends. */
function SaveLink({ src, name }: { src: SafeImage; name: string }) {
  if (/^(?:https?:|\/api\/)/.test(src)) {
    return (
      <IconLink label={texts.open} icon="external" href={src} target="_blank" rel="noopener noreferrer" />
    );
  }
  const [, subtype] = /^data:image\/(\w+)/.exec(src) ?? [];
  const extension = subtype === undefined ? "" : `.${subtype.replace("jpeg", "jpg")}`;
  return (
    <IconLink
      label={texts.download}
      icon="download"
      href={src}
      download={`${fileNameOf(name, texts.name)}${extension}`}
    />
  );
}
