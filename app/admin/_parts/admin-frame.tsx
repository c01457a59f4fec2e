"use client";

import Link from "next/link";
import { usePathname } from "next/navigation";
import type { ReactNode } from "react";
import { adminStrings } from "../../_strings/admin.ts";
import { classes } from "../../_ui/classes.ts";
import { PageFrame } from "../../_ui/page-frame.tsx";
import { SignedIn } from "../../_ui/signed-in.tsx";
import { EmptyState } from "../../_ui/states.tsx";
import { useSession } from "../../_ui/use-session.tsx";

const PAGES = [
  { href: "/admin", label: adminStrings.overview },
  { href: "/admin/providers", label: adminStrings.providers },
  { href: "/admin/requests", label: adminStrings.requests },
  { href: "/admin/keys", label: adminStrings.keys },
  { href: "/admin/overrides", label: adminStrings.overrides },
  { href: "/admin/mcp", label: adminStrings.mcp },
] as const;

type FrameProps = { title: string; lead: string; children: ReactNode };

/** A page of the dashboard: its pages beside each other, for administrators alone. */
export function AdminFrame({ title, lead, children }: FrameProps) {
  return (
    <PageFrame wide title={title} lead={lead}>
      <SignedIn>
        <AdminsOnly>
          <AdminNavigation />
          {children}
        </AdminsOnly>
      </SignedIn>
    </PageFrame>
  );
}

/** The API refuses others too; here they are told why before they wait for it. */
function AdminsOnly({ children }: { children: ReactNode }) {
  const session = useSession();
  if (session.kind === "signed-in" && session.user.isAdmin) return children;
  return (
    <EmptyState icon="lock" title={adminStrings.forbiddenTitle} text={<p>{adminStrings.forbiddenText}</p>} />
  );
}

function AdminNavigation() {
  const pathname = usePathname();
  const isHere = (href: string): boolean =>
    href === "/admin" ? pathname === href : pathname === href || pathname.startsWith(`${href}/`);
  return (
    <nav aria-label={adminStrings.pages} className="mb-6 flex gap-5 overflow-x-auto border-b border-line">
      {PAGES.map(({ href, label }) => (
        <Link
          key={href}
          href={href}
          prefetch={false}
          aria-current={isHere(href) ? "page" : undefined}
          className={classes(
            "-mb-px border-b-2 pb-2.5 text-sm font-medium whitespace-nowrap hover:text-text",
            isHere(href) ? "border-accent text-text" : "border-transparent text-muted",
          )}
        >
          {label}
        </Link>
      ))}
    </nav>
  );
}
