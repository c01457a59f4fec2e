import type { ReactNode } from "react";
import { SiteHeader } from "../_ui/site-header.tsx";

/** A page with one small form. */
export function AuthFrame({ title, lead, children }: { title: string; lead?: string; children: ReactNode }) {
  return (
    <>
      <SiteHeader />
      <main id="content" className="mx-auto w-full max-w-sm px-4 py-12 sm:py-20">
        <h1 className="text-2xl font-semibold tracking-tight">{title}</h1>
        {lead === undefined ? null : <p className="mt-2 text-sm text-muted">{lead}</p>}
        <div className="mt-6 space-y-5">{children}</div>
      </main>
    </>
  );
}
