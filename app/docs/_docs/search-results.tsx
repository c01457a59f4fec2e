import Link from "next/link";
import { docsStrings } from "../../_strings/docs.ts";
import type { DocPage } from "./library.ts";
import { searchDocs } from "./search.ts";

/** The sections of the docs that have all words of a search. */
export function SearchResults({ pages, query }: { pages: ReadonlyMap<string, DocPage>; query: string }) {
  const results = searchDocs(pages.values(), query);
  if (results.length === 0) return <p className="text-muted">{docsStrings.noResults(query)}</p>;
  return (
    <>
      <p className="mb-6 text-sm text-muted">{docsStrings.results(results.length, query)}</p>
      <ol className="space-y-6">
        {results.map(({ path, page, heading, excerpt }) => (
          <li key={path}>
            <Link
              prefetch={false}
              href={path}
              className="font-medium text-accent underline-offset-4 hover:underline"
            >
              {heading === page ? page : `${page}: ${heading}`}
            </Link>
            <p className="mt-1 text-sm wrap-anywhere text-muted">{excerpt}</p>
          </li>
        ))}
      </ol>
    </>
  );
}
