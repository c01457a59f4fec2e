import type { ReactNode } from "react";
import { commonStrings } from "../_strings/common.ts";
import { Button } from "./button.tsx";
import { Icon, type IconName } from "./icon.tsx";

type EmptyProps = { icon: IconName; title: string; text?: ReactNode; action?: ReactNode };

/** Where there is nothing yet: what would be here, and how to get it. */
export function EmptyState({ icon, title, text, action }: EmptyProps) {
  return (
    <div className="flex flex-col items-center gap-3 px-4 py-14 text-center">
      <span className="rounded-full bg-accent-soft p-3 text-accent">
        <Icon name={icon} size={24} />
      </span>
      <h2 className="text-lg font-semibold">{title}</h2>
      {text === undefined ? null : <div className="max-w-md text-sm text-muted">{text}</div>}
      {action}
    </div>
  );
}

type ErrorProps = {
  title?: string;
  text: string;
  retry?: (() => void) | undefined;
  requestId?: string | undefined;
};

/** Something that failed: what, whether trying again helps, and what to tell the operator. */
export function ErrorState({ title = commonStrings.failedTitle, text, retry, requestId }: ErrorProps) {
  return (
    <div role="alert" className="flex flex-col items-center gap-3 px-4 py-14 text-center">
      <span className="rounded-full bg-bad-soft p-3 text-bad">
        <Icon name="warning" size={24} />
      </span>
      <h2 className="text-lg font-semibold">{title}</h2>
      <p className="max-w-md text-sm wrap-anywhere text-muted">{text}</p>
      {requestId === undefined ? null : (
        <p className="font-mono text-xs text-muted">{commonStrings.requestId(requestId)}</p>
      )}
      {retry === undefined ? null : (
        <Button icon="retry" onClick={retry}>
          {commonStrings.retry}
        </Button>
      )}
    </div>
  );
}

export function Loading({ label = commonStrings.loading }: { label?: string }) {
  return (
    <p role="status" className="flex items-center justify-center gap-3 py-14 text-sm text-muted">
      <Icon name="refresh" className="animate-spin" />
      {label}
    </p>
  );
}

const WIDTHS = ["w-full", "w-11/12", "w-4/5", "w-full", "w-3/5"];

/** Grey lines where text will be. */
export function Skeleton({ lines = 3 }: { lines?: number }) {
  return (
    <div role="status" aria-label={commonStrings.loading} className="animate-pulse space-y-3 py-2">
      {Array.from({ length: lines }, (_, index) => (
        <div key={String(index)} className={`h-4 rounded bg-line ${WIDTHS[index % WIDTHS.length]}`} />
      ))}
    </div>
  );
}
