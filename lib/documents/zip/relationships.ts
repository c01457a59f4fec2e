import { readXml } from "#lib/documents/xml/read-xml.ts";
import { damagedError } from "#lib/documents/zip/check-entries.ts";
import type { Archive } from "#lib/documents/zip/open-zip.ts";

/** What a part of a package says of another, or of something outside of it. */
export type Relationship = {
  id: string;
  /** The last word of its type, the same in transitional and strict files: `worksheet`, `hyperlink`. */
  type: string;
  /** Path in the archive; as it is written if it is external. */
  target: string;
  isExternal: boolean;
};

/** More than any real part has; links beyond it lose their targets. */
const MAX_RELATIONSHIPS = 50_000;

/**
 * The relationships of a part; none if it has none.
 * @param part Its path; "" for those of the package.
 */
export async function readRelationships(archive: Archive, part: string): Promise<readonly Relationship[]> {
  const folder = folderOf(part);
  const path = `${folder}_rels/${part.slice(folder.length)}.rels`;
  if (!archive.has(path)) return [];
  const found: Relationship[] = [];
  await readXml(archive.read(path), {
    open(name, attributes) {
      if (name !== "rel:Relationship" || found.length >= MAX_RELATIONSHIPS) return;
      const isExternal = attributes.get("TargetMode") === "External";
      const target = attributes.get("Target") ?? "";
      found.push({
        id: attributes.get("Id") ?? "",
        type: (attributes.get("Type") ?? "").split("/").at(-1) ?? "",
        target: isExternal ? target : resolvePath(folder, target),
        isExternal,
      });
    },
  });
  return found;
}

/**
 * The part that a package is about: the workbook or the document.
 * @throws DocumentError `damaged` when there is none.
 */
export async function mainPart(archive: Archive, usualPath: string): Promise<string> {
  const relationships = await readRelationships(archive, "");
  const main = relationships.find(({ type, isExternal }) => type === "officeDocument" && !isExternal);
  const path = main !== undefined && archive.has(main.target) ? main.target : usualPath;
  if (!archive.has(path)) throw damagedError();
  return path;
}

/** The target of the first relationship of a type that is in the archive. */
export function targetOf(
  archive: Archive,
  relationships: readonly Relationship[],
  type: string,
): string | undefined {
  return relationships.find((one) => one.type === type && !one.isExternal && archive.has(one.target))?.target;
}

function folderOf(part: string): string {
  return part.slice(0, part.lastIndexOf("/") + 1);
}

function resolvePath(folder: string, target: string): string {
  const path: string[] = [];
  const full = target.startsWith("/") ? target : `${folder}${target}`;
  for (const segment of full.split("/")) {
    if (segment === "..") path.pop();
    else if (segment !== "." && segment !== "") path.push(segment);
  }
  return path.join("/");
}
