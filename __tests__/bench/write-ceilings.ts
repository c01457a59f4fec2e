import { writeFileSync } from "node:fs";
import { contextWindowFile } from "../support/context-window-data.ts";

/** Writes the context windows of the installed price library as data, which is loaded without the library. */
writeFileSync(
  new URL("../../lib/providers/catalogue/context-window-data.ts", import.meta.url),
  contextWindowFile(),
);
