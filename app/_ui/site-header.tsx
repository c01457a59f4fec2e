"use client";

import Link from "next/link";
import { usePathname } from "next/navigation";
import type { ReactNode } from "react";
import { commonStrings } from "../_strings/common.ts";
import { useBrand } from "./brand.tsx";
import { classes } from "./classes.ts";
import { Menu } from "./menu.tsx";
import { ThemeMenu } from "./theme-menu.tsx";
import { useSession } from "./use-session.tsx";
import { UserMenu } from "./user-menu.tsx";

const PAGES = [
  { href: "/", label: commonStrings.pages.chat },
  { href: "/agent", label: commonStrings.pages.agent },
  { href: "/keys", label: commonStrings.pages.keys },
  { href: "/memory", label: commonStrings.pages.memory },
  { href: "/plugins", label: commonStrings.pages.plugins },
  { href: "/docs", label: commonStrings.pages.docs },
] as const;
const ADMIN_PAGE = { href: "/admin", label: commonStrings.pages.admin } as const;

/** The head of every page. `start` is what stands before the name: the chat's button for its sidebar. */
export function SiteHeader({ start }: { start?: ReactNode }) {
  const session = useSession();
  const pathname = usePathname();
  const isAdmin = session.kind === "signed-in" && session.user.isAdmin;
  const pages = isAdmin ? [...PAGES, ADMIN_PAGE] : PAGES;
  const isHere = (href: string): boolean =>
    href === "/" ? pathname === "/" : pathname === href || pathname.startsWith(`${href}/`);
  return (
    <header className="sticky top-0 z-20 border-b border-line bg-page">
      <a
        href="#content"
        className="sr-only rounded-lg bg-accent px-4 py-2 text-on-accent focus:not-sr-only focus:absolute focus:top-2 focus:left-2 focus:z-50"
      >
        {commonStrings.skip}
      </a>
      <div className="flex h-14 items-center gap-2 px-3 sm:px-5">
        {start}
        <Name />
        <nav aria-label={commonStrings.navigation} className="hidden grow gap-1 pl-4 md:flex">
          {pages.map(({ href, label }) => (
            <Link
              key={href}
              prefetch={false}
              href={href}
              aria-current={isHere(href) ? "page" : undefined}
              className={classes(
                "rounded-md px-2.5 py-1.5 text-sm font-medium hover:bg-panel",
                isHere(href) ? "text-text" : "text-muted",
              )}
            >
              {label}
            </Link>
          ))}
        </nav>
        <span className="grow md:hidden" />
        <ThemeMenu />
        <UserMenu />
        <div className="md:hidden">
          <Menu label={commonStrings.openNavigation} icon="menu" items={pages} />
        </div>
      </div>
    </header>
  );
}

function Name() {
  const { appName, companyName, logoPath } = useBrand();
  return (
    <Link href="/" prefetch={false} className="flex min-w-0 items-center gap-2.5 font-semibold">
      {/* The operator's own file, as it is: there is no resizer. */}
      <img src={logoPath ?? "/favicon.svg"} alt="" width={22} height={22} />
      <span className="truncate">{appName}</span>
      {companyName === undefined ? null : (
        <span className="hidden truncate font-normal text-muted lg:inline">{companyName}</span>
      )}
    </Link>
  );
}
