import type { Metadata } from "next";
import { notFound } from "next/navigation";
import { docsStrings } from "../../_strings/docs.ts";
import { MarkdownDocument } from "../../_ui/markdown-document.tsx";
import { DocsFrame } from "../_docs/docs-frame.tsx";
import { type DocPage, docPages } from "../_docs/library.ts";
import { siteAddress } from "../_docs/links.ts";
import { Overview } from "../_docs/overview.tsx";
import { SearchResults } from "../_docs/search-results.tsx";

type PageProps = {
  params: Promise<{ slug?: string[] }>;
  searchParams: Promise<Record<string, string | string[] | undefined>>;
};

async function pageOf({ params }: PageProps): Promise<DocPage | undefined> {
  const { slug = [] } = await params;
  return (await docPages()).get(
    slug
      .map((part) => decodeURIComponent(part))
      .join("/")
      .toLowerCase(),
  );
}

export async function generateMetadata(props: PageProps): Promise<Metadata> {
  return { title: (await pageOf(props))?.title ?? docsStrings.title };
}

export default async function DocsPage(props: PageProps) {
  const [{ slug = [] }, { q }, pages] = await Promise.all([props.params, props.searchParams, docPages()]);
  const query = typeof q === "string" ? q.trim() : "";
  if (query !== "") {
    return (
      <DocsFrame pages={pages} title={docsStrings.title} query={query}>
        <SearchResults pages={pages} query={query} />
      </DocsFrame>
    );
  }
  if (slug.length === 0) {
    return (
      <DocsFrame pages={pages} title={docsStrings.title}>
        <Overview pages={pages} />
      </DocsFrame>
    );
  }
  const page = await pageOf(props);
  if (page === undefined) notFound();
  return (
    <DocsFrame pages={pages} title={page.title} page={page}>
      <MarkdownDocument text={page.text} linkFor={(address) => siteAddress(address, page, pages)} />
    </DocsFrame>
  );
}
