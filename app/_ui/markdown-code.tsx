"use client";

import { memo, startTransition, useEffect, useRef, useState } from "react";
import { type CodeNode, highlight } from "#lib/browser/highlight.ts";
import { markdownStrings } from "../_strings/markdown.ts";
import { CodeBlock } from "./code-block.tsx";
import { JointMark } from "./markdown-inlines.tsx";

/** How often code that grows is highlighted at most, milliseconds. */
const PAUSE_MS = 200;
/** Code longer than this is highlighted when it is complete, UTF-16 units. */
const MAX_GROWING = 20_000;

type Highlighted = { code: string; nodes: readonly CodeNode[] };
type MarkdownCodeProps = {
  code: string;
  language: string | undefined;
  /** Offsets in the code where another engine took over. */
  joints: readonly number[];
  /** Whether more of it is to come. */
  isGrowing: boolean;
};

/** A block of code; its colours come when the highlighter is loaded. */
export const MarkdownCode = memo(function MarkdownCode({
  code,
  language,
  joints,
  isGrowing,
}: MarkdownCodeProps) {
  const highlighted = useHighlighted(code, language, isGrowing && code.length > MAX_GROWING);
  const nodes: readonly CodeNode[] =
    highlighted !== undefined && code.startsWith(highlighted.code)
      ? [...highlighted.nodes, code.slice(highlighted.code.length)]
      : [code];
  return (
    <CodeBlock code={code} title={language ?? markdownStrings.code}>
      {drawNodes(nodes, { joints, at: 0, drawn: 0 })}
    </CodeBlock>
  );
});

/** The colours of the code as it was a moment ago. */
function useHighlighted(code: string, language: string | undefined, isPaused: boolean) {
  const [highlighted, setHighlighted] = useState<Highlighted>();
  const lastAt = useRef(Number.NEGATIVE_INFINITY);
  useEffect(() => {
    if (language === undefined || isPaused) return;
    let isCurrent = true;
    const run = (): void => {
      lastAt.current = performance.now();
      highlight(code, language).then(
        (nodes) => {
          if (isCurrent && nodes !== undefined) startTransition(() => setHighlighted({ code, nodes }));
        },
        // The file of a grammar did not load: the code stays as it is.
        () => setHighlighted(undefined),
      );
    };
    const timer = setTimeout(run, Math.max(0, lastAt.current + PAUSE_MS - performance.now()));
    return () => {
      isCurrent = false;
      clearTimeout(timer);
    };
  }, [code, language, isPaused]);
  return highlighted;
}

/** How far the code is drawn (UTF-16 units), and how many joints stand before it. */
type Place = { joints: readonly number[]; at: number; drawn: number };

function drawNodes(nodes: readonly CodeNode[], place: Place): React.ReactNode[] {
  return nodes.map((node, index) =>
    typeof node === "string" ? (
      drawWords(node, place)
    ) : (
      <span key={index} className={`hljs-${node.scope.split(".")[0] ?? ""}`}>
        {drawNodes(node.children, place)}
      </span>
    ),
  );
}

function drawWords(words: string, place: Place): React.ReactNode {
  const start = place.at;
  place.at += words.length;
  const parts: React.ReactNode[] = [];
  let from = 0;
  for (let next = place.joints[place.drawn]; next !== undefined && next <= place.at; ) {
    parts.push(words.slice(from, next - start), <JointMark key={place.drawn} />);
    from = next - start;
    next = place.joints[++place.drawn];
  }
  return parts.length === 0 ? words : [...parts, words.slice(from)];
}
