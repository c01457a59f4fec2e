import { posix } from "node:path";
import type { DocPage } from "./library.ts";

/**
 * What an address in a page stands for on the site: another page, a picture of the docs, or nothing, if it
 * leads to a file of the repository that the site does not serve.
 */
export function siteAddress(
  address: string,
  page: Pick<DocPage, "name">,
  pages: ReadonlyMap<string, DocPage>,
): string | undefined {
  if (/^(?:[a-z][a-z0-9+.-]*:|#|\/)/i.test(address)) return undefined;
  const [path = "", anchor] = address.split("#", 2);
  const target = posix.normalize(posix.join(posix.dirname(page.name), path)).replace(/\/$/, "");
  const picture = /^images\/([\w-]+\.png)$/.exec(target)?.[1];
  if (picture !== undefined) return `/docs/images/${picture}`;
  const found = pages.get(target.replace(/\.md$/, "").toLowerCase());
  if (found === undefined) return undefined;
  return anchor === undefined ? found.path : `${found.path}#${anchor}`;
}
