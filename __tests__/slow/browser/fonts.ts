import { mkdtemp, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

/**
 * The environment of a browser whose pages are set in the typeface that comes with it, so that pictures look the
 * same wherever they are made; what that lacks comes from the system.
 */
export async function ownFonts(): Promise<Record<string, string>> {
  const folder = await mkdtemp(join(tmpdir(), "sarmalink-fonts-"));
  const file = join(folder, "fonts.conf");
  await writeFile(
    file,
    `<?xml version="1.0"?><!DOCTYPE fontconfig SYSTEM "fonts.dtd"><fontconfig>
      <dir>${join(tmpdir(), "fonts")}</dir><dir>/usr/share/fonts</dir><cachedir>${folder}</cachedir>
      ${["system-ui", "sans-serif"].map((family) => prefers(family, "Open Sans")).join("")}
      ${["ui-monospace", "monospace"].map((family) => prefers(family, "DejaVu Sans Mono")).join("")}
    </fontconfig>`,
  );
  return { FONTCONFIG_FILE: file };
}

function prefers(family: string, face: string): string {
  return `<match target="pattern"><test name="family"><string>${family}</string></test>
    <edit name="family" mode="prepend" binding="strong"><string>${face}</string></edit></match>`;
}
