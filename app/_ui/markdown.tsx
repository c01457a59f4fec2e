"use client";

import { useMemo, useState } from "react";
import { createMarkdownStream } from "#lib/browser/markdown/markdown-stream.ts";
import { Blocks, type MarkdownLook } from "./markdown-blocks.tsx";

type MarkdownProps = {
  text: string;
  /** Whether more of the text is to come: its end is drawn as if its syntax were closed. */
  streaming?: boolean;
  /** Offsets in the text (UTF-16 units, rising) where another engine took over. */
  joints?: readonly number[];
  /** The level of the text's first heading among the headings of the page. */
  headingBase?: number;
};

const NO_JOINTS: readonly number[] = [];

/** A model's answer. Nobody has checked its text, so its links open beside the page. */
export function Markdown({ text, streaming = false, joints = NO_JOINTS, headingBase = 3 }: MarkdownProps) {
  const [stream] = useState(() => createMarkdownStream());
  const look = useMemo(
    (): MarkdownLook => ({ headingBase, newTab: true, hasTableMenus: true }),
    [headingBase],
  );
  const blocks = useMemo(
    () => (streaming ? stream.update(text, joints) : stream.finish(text, joints)),
    [stream, streaming, text, joints],
  );
  return (
    <div className="min-w-0 leading-relaxed">
      <Blocks blocks={blocks} look={look} isGrowing={streaming} />
    </div>
  );
}
