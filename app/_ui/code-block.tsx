import type { ReactNode } from "react";
import { CopyButton } from "./copy-button.tsx";

type CodeBlockProps = {
  code: string;
  /** Shown above: a file's name or a language. */
  title?: string | undefined;
  /** The same code with colours; plain text without. */
  children?: ReactNode;
};

/** Code with a title and a button that copies it. */
export function CodeBlock({ code, title, children }: CodeBlockProps) {
  return (
    <figure className="my-3 overflow-hidden rounded-xl border border-line bg-panel">
      <figcaption className="flex h-10 items-center justify-between border-b border-line pr-1 pl-4">
        <span className="font-mono text-xs text-muted">{title}</span>
        <CopyButton text={code} />
      </figcaption>
      {/* A region that scrolls must be reachable by keyboard. */}
      <section aria-label={title} tabIndex={0} className="overflow-x-auto p-4">
        <pre className="font-mono text-[0.8125rem] leading-relaxed">
          <code>{children ?? code}</code>
        </pre>
      </section>
    </figure>
  );
}
