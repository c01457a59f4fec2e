import type { Inline } from "#lib/browser/markdown/tree.ts";
import { textOf } from "#lib/browser/markdown/tree.ts";
import { markdownStrings } from "../_strings/markdown.ts";
import { Icon } from "./icon.tsx";
import { OutsideImage } from "./outside-image.tsx";
import { Picture } from "./picture.tsx";

/** `newTab`: links leave the page as it is, for a chat in the middle of an answer. */
type InlinesProps = { nodes: readonly Inline[]; newTab: boolean };

/** Words with their emphasis, links and pictures. */
export function Inlines({ nodes, newTab }: InlinesProps) {
  return nodes.map((node, index) => <InlineView key={index} node={node} newTab={newTab} />);
}

function InlineView({ node, newTab }: { node: Inline; newTab: boolean }) {
  switch (node.kind) {
    case "text":
      return node.text;
    case "strong":
      return (
        <strong className="font-semibold">
          <Inlines nodes={node.children} newTab={newTab} />
        </strong>
      );
    case "emphasis":
      return (
        <em>
          <Inlines nodes={node.children} newTab={newTab} />
        </em>
      );
    case "strike":
      return (
        <del>
          <Inlines nodes={node.children} newTab={newTab} />
        </del>
      );
    case "code":
      return (
        <code className="rounded-md bg-panel px-1.5 py-0.5 font-mono text-[0.875em] wrap-anywhere">
          {node.text}
        </code>
      );
    case "link":
      return <MarkdownLink node={node} newTab={newTab} />;
    case "image":
      if (newTab) return <Picture src={node.src} alt={node.alt} />;
      return <img src={node.src} alt={node.alt} loading="lazy" className="my-2 max-w-full rounded-lg" />;
    case "unloaded-image":
      return <OutsideImage node={node} />;
    case "break":
      return <br />;
    case "joint":
      return <JointMark />;
  }
}

/** An address of our own page or origin stays in the tab of a document; all others open beside it. */
function MarkdownLink({ node, newTab }: { node: Inline & { kind: "link" }; newTab: boolean }) {
  const isOutside = newTab || !/^[/#]/.test(node.href);
  const hasWords = textOf(node.children).trim() !== "" || node.children.some(({ kind }) => kind === "image");
  return (
    <>
      <a
        href={node.href}
        className="wrap-anywhere text-accent underline underline-offset-2 hover:no-underline"
        {...(isOutside ? { target: "_blank", rel: "noopener noreferrer nofollow" } : {})}
      >
        {hasWords ? <LinkWords nodes={node.children} /> : node.href}
      </a>
      {node.host === undefined ? null : (
        <span className="text-sm text-muted"> ({markdownStrings.leadsTo(node.host)})</span>
      )}
    </>
  );
}

/** A link is one thing to press, so what stands in it has no buttons and links of its own. */
function LinkWords({ nodes }: { nodes: readonly Inline[] }) {
  return nodes.map((node, index) =>
    node.kind === "unloaded-image" ? node.alt : <InlineView key={index} node={node} newTab={false} />,
  );
}

/** Where another engine took over. */
export function JointMark() {
  return (
    <span
      role="img"
      title={markdownStrings.joint}
      aria-label={markdownStrings.joint}
      className="mx-0.5 inline-flex rounded-sm bg-warn-soft p-0.5 align-middle text-warn"
    >
      <Icon name="bolt" size={12} />
    </span>
  );
}
