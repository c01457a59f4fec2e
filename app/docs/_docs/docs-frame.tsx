import Link from "next/link";
import type { ReactNode } from "react";
import { docsStrings } from "../../_strings/docs.ts";
import { Button } from "../../_ui/button.tsx";
import { SiteHeader } from "../../_ui/site-header.tsx";
import { DocsNavigation } from "./docs-navigation.tsx";
import type { DocPage } from "./library.ts";

type FrameProps = {
  pages: ReadonlyMap<string, DocPage>;
  title: string;
  /** The page that is shown; absent for the list of pages and for a search. */
  page?: DocPage;
  query?: string;
  children: ReactNode;
};

/** A page of the docs: all pages at the left, its sections at the right. It works without scripts. */
export function DocsFrame({ pages, title, page, query = "", children }: FrameProps) {
  return (
    <>
      <SiteHeader />
      <div className="mx-auto flex w-full max-w-7xl gap-8 px-4 sm:px-6">
        <aside className="sticky top-14 hidden h-[calc(100dvh-3.5rem)] w-60 shrink-0 overflow-y-auto py-8 lg:block">
          <DocsNavigation pages={pages} current={page?.name} />
        </aside>
        <main id="content" className="min-w-0 grow py-8">
          <SearchForm query={query} />
          <details className="mt-4 rounded-xl border border-line px-4 py-2 lg:hidden">
            <summary className="text-sm font-medium">{docsStrings.allPages}</summary>
            <div className="mt-3">
              <DocsNavigation pages={pages} current={page?.name} />
            </div>
          </details>
          <article className="mt-8 max-w-3xl">
            <h1 className="mb-6 text-3xl font-semibold tracking-tight text-balance">{title}</h1>
            {children}
          </article>
        </main>
        {page === undefined ? null : <Contents page={page} />}
      </div>
    </>
  );
}

function SearchForm({ query }: { query: string }) {
  return (
    <search>
      <form action="/docs" className="flex max-w-3xl gap-2">
        <input
          type="search"
          name="q"
          defaultValue={query}
          aria-label={docsStrings.search}
          placeholder={docsStrings.search}
          className="h-10 min-w-0 grow rounded-lg border border-strong-line bg-raised px-3 text-base placeholder:text-muted sm:text-sm"
        />
        <Button type="submit" icon="search">
          {docsStrings.searchButton}
        </Button>
      </form>
    </search>
  );
}

function Contents({ page: { contents } }: { page: DocPage }) {
  if (contents.length < 2) return null;
  return (
    <nav
      aria-label={docsStrings.contents}
      className="sticky top-14 hidden h-[calc(100dvh-3.5rem)] w-52 shrink-0 overflow-y-auto py-8 text-sm xl:block"
    >
      <p className="mb-2 font-medium">{docsStrings.contents}</p>
      <ul className="space-y-1.5">
        {contents.map(({ id, text }) => (
          <li key={id}>
            <Link prefetch={false} href={`#${id}`} className="text-muted hover:text-text">
              {text}
            </Link>
          </li>
        ))}
      </ul>
    </nav>
  );
}
