"use client";

import { lazy, Suspense, useEffect } from "react";

/** Most of the code of a page with answers. It is loaded with the first one, while an engine is looked for. */
const loadMarkdown = () => import("./markdown.tsx");
const Markdown = lazy(() => loadMarkdown().then((loaded) => ({ default: loaded.Markdown })));

type TextProps = {
  text: string;
  isGrowing: boolean;
  /** Where another engine took over. */
  joints?: readonly number[];
  /** The level of the text's first heading among the headings of the page. */
  headingBase?: number;
};

const NO_JOINTS: readonly number[] = [];

/** An answer as Markdown, and as plain text until that can be drawn. */
export function AnswerText({ text, isGrowing, joints = NO_JOINTS, headingBase = 3 }: TextProps) {
  useEffect(() => void loadMarkdown(), []);
  if (text === "") return null;
  return (
    <Suspense fallback={<p className="wrap-anywhere whitespace-pre-wrap">{text}</p>}>
      <Markdown text={text} streaming={isGrowing} joints={joints} headingBase={headingBase} />
    </Suspense>
  );
}
