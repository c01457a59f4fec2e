import type { ReactNode } from "react";
import { classes } from "./classes.ts";
import { SiteHeader } from "./site-header.tsx";

type PageFrameProps = {
  title: string;
  lead?: ReactNode;
  actions?: ReactNode;
  /** For tables and charts. */
  wide?: boolean;
  children: ReactNode;
};

/** A page with the site's head, its title and one column. */
export function PageFrame({ title, lead, actions, wide = false, children }: PageFrameProps) {
  return (
    <>
      <SiteHeader />
      <main
        id="content"
        className={classes("mx-auto w-full px-4 py-8 sm:px-6 sm:py-10", wide ? "max-w-7xl" : "max-w-4xl")}
      >
        <div className="mb-8 flex flex-wrap items-end justify-between gap-4">
          <div className="max-w-2xl min-w-0">
            <h1 className="text-2xl font-semibold tracking-tight">{title}</h1>
            {lead === undefined ? null : <p className="mt-2 text-muted">{lead}</p>}
          </div>
          {actions === undefined ? null : <div className="flex flex-wrap items-center gap-2">{actions}</div>}
        </div>
        {children}
      </main>
    </>
  );
}
