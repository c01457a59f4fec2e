import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { LoadFont } from "#lib/export/pdf/fonts/font-set.ts";

/**
 * Reads the fonts that are installed below a folder: ours in assets/fonts, those of optional packages among the
 * other packages. Nothing is resolved: a bundler would have to know the files.
 */
export function installedFonts(root: string): LoadFont {
  return (file, packageName) => {
    const folder = packageName === undefined ? "assets/fonts" : join("node_modules", packageName, "fonts");
    try {
      return readFileSync(join(root, folder, file));
    } catch (error) {
      if (error instanceof Error && "code" in error && error.code === "ENOENT") return undefined;
      throw error;
    }
  };
}
