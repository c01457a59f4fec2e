import Link from "next/link";
import { docsStrings } from "../../_strings/docs.ts";
import { groupsOf } from "./docs-navigation.tsx";
import type { DocPage } from "./library.ts";

/** All pages, for whoever does not know yet what they look for. */
export function Overview({ pages }: { pages: ReadonlyMap<string, DocPage> }) {
  const groups = groupsOf(pages).filter(({ title }) => title !== docsStrings.groups.decisions);
  return (
    <>
      <p className="text-muted">{docsStrings.lead}</p>
      <div className="mt-8 grid gap-8 sm:grid-cols-2">
        {groups.map((group) => (
          <section key={group.title}>
            <h2 className="mb-2 font-semibold">{group.title}</h2>
            <ul className="space-y-1">
              {group.pages.map(({ name, path, title }) => (
                <li key={name}>
                  <Link
                    prefetch={false}
                    href={path}
                    className="text-accent underline-offset-4 hover:underline"
                  >
                    {title}
                  </Link>
                </li>
              ))}
            </ul>
          </section>
        ))}
      </div>
    </>
  );
}
