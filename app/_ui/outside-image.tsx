"use client";

import type { Inline } from "#lib/browser/markdown/tree.ts";
import { markdownStrings } from "../_strings/markdown.ts";
import { Icon } from "./icon.tsx";
import { Picture } from "./picture.tsx";
import { useLoadableImage } from "./storage.tsx";

/** A picture of another origin: shown if it is in the operator's storage, and a link if it is not. */
export function OutsideImage({ node }: { node: Inline & { kind: "unloaded-image" } }) {
  const src = useLoadableImage(node.href);
  if (src !== undefined) return <Picture src={src} alt={node.alt} />;
  return (
    <a
      href={node.href}
      target="_blank"
      rel="noopener noreferrer nofollow"
      className="inline-flex max-w-full flex-wrap items-center gap-1.5 rounded-lg border border-line px-2 py-1 text-sm hover:bg-panel"
    >
      <Icon name="image" size={16} />
      <span className="wrap-anywhere">{node.alt === "" ? markdownStrings.image : node.alt}</span>
      <span className="text-muted">{markdownStrings.unloadedImage(node.host)}</span>
    </a>
  );
}
