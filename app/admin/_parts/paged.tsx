"use client";

import type { ReactNode } from "react";
import { commonStrings } from "../../_strings/common.ts";
import { Button } from "../../_ui/button.tsx";
import { ErrorState, Skeleton } from "../../_ui/states.tsx";
import { Alert } from "../../_ui/surfaces.tsx";
import type { Pages } from "./use-pages.ts";

type PagedProps<Item> = {
  pages: Pages<Item>;
  /** Shown when there is nothing, and no more to look through. */
  empty: ReactNode;
  children: (rows: readonly Item[]) => ReactNode;
};

/** The pages of a list that have been read, and a button for the next one. */
export function Paged<Item>({ pages, empty, children }: PagedProps<Item>) {
  const { rows, hasMore, busy, problem, more, reload } = pages;
  if (rows === undefined) {
    if (problem === undefined) return <Skeleton lines={8} />;
    return <ErrorState text={problem.message} requestId={problem.requestId} retry={reload} />;
  }
  return (
    <div aria-busy={busy}>
      {rows.length === 0 && !hasMore ? empty : children(rows)}
      {problem === undefined ? null : <Alert tone="bad">{problem.message}</Alert>}
      {hasMore ? (
        <div className="mt-4 flex justify-center">
          <Button busy={busy} onClick={more}>
            {commonStrings.more}
          </Button>
        </div>
      ) : null}
    </div>
  );
}
