"use client";

import { lazy, Suspense, useEffect } from "react";

/** Most of the chat's own code. It is loaded with the first question, while an engine is looked for. */
const loadMarkdown = () => import("../_ui/markdown.tsx");
const Markdown = lazy(() => loadMarkdown().then((loaded) => ({ default: loaded.Markdown })));

type TextProps = { text: string; isGrowing: boolean; joints: readonly number[] };

/** An answer as Markdown, and as plain text until that can be drawn. */
export function AnswerText({ text, isGrowing, joints }: TextProps) {
  useEffect(() => void loadMarkdown(), []);
  if (text === "") return null;
  return (
    <Suspense fallback={<p className="wrap-anywhere whitespace-pre-wrap">{text}</p>}>
      <Markdown text={text} streaming={isGrowing} joints={joints} />
    </Suspense>
  );
}
