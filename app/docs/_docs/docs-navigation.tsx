import Link from "next/link";
import { docsStrings } from "../../_strings/docs.ts";
import { classes } from "../../_ui/classes.ts";
import type { DocPage } from "./library.ts";
import { NAVIGATION } from "./navigation.ts";

type NavigationProps = { pages: ReadonlyMap<string, DocPage>; current: string | undefined };

/** The pages in groups: those of the navigation that there are, decisions, and whatever else there is. */
export function groupsOf(pages: ReadonlyMap<string, DocPage>): { title: string; pages: DocPage[] }[] {
  const byName = new Map([...pages.values()].map((page) => [page.name, page]));
  const groups = NAVIGATION.map(({ title, pages: names }) => ({
    title,
    pages: names.flatMap((name) => byName.get(name) ?? []),
  }));
  const listed = new Set(groups.flatMap((group) => group.pages));
  const rest = [...pages.values()].filter((page) => !listed.has(page));
  return [
    ...groups,
    { title: docsStrings.groups.more, pages: rest.filter(({ name }) => !name.includes("/")) },
    { title: docsStrings.groups.decisions, pages: rest.filter(({ name }) => name.startsWith("decisions/")) },
  ].filter((group) => group.pages.length > 0);
}

export function DocsNavigation({ pages, current }: NavigationProps) {
  return (
    <nav aria-label={docsStrings.navigation} className="space-y-6 text-sm">
      {groupsOf(pages).map((group) => (
        <details key={group.title} open={group.title !== docsStrings.groups.decisions}>
          <summary className="mb-1.5 font-medium">{group.title}</summary>
          <ul className="space-y-0.5">
            {group.pages.map(({ name, path, title }) => (
              <li key={name}>
                <Link
                  prefetch={false}
                  href={path}
                  aria-current={name === current ? "page" : undefined}
                  className={classes(
                    "block rounded-md px-2 py-1",
                    name === current
                      ? "bg-accent-soft text-accent"
                      : "text-muted hover:bg-panel hover:text-text",
                  )}
                >
                  {title}
                </Link>
              </li>
            ))}
          </ul>
        </details>
      ))}
    </nav>
  );
}
