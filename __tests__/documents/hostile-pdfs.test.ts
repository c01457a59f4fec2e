import { describe, expect, test } from "vitest";
import { readInChild } from "../support/read-in-child.ts";
import { HOSTILE_PDFS } from "./hostile-pdfs.ts";

/** What the process may grow by, megabytes. */
const MAX_GROWTH_MB = 150;
/** How long its event loop may be held up, milliseconds: 100, and as much again for what else the machine does. */
const MAX_DELAY_MS = 200;

describe("a hostile PDF costs a clear error or gives its text, and neither memory nor the event loop", () => {
  test.each(HOSTILE_PDFS)(
    "$name",
    { timeout: 60_000 },
    async ({ name, bytes, text, problems = [], notes }) => {
      const reading = await readInChild(bytes());
      console.log(
        `${name}: ${reading.problem ?? `${reading.sections} sections`}, ${reading.milliseconds} ms, ` +
          `+${reading.growthMb} MB, event loop ${reading.delayMs} ms`,
      );
      if (reading.problem === undefined) expect(reading.text).toContain(text ?? "only an error");
      else expect(problems, reading.message).toContain(reading.problem);
      if (notes !== undefined) expect(reading.notes).toContainEqual(expect.stringMatching(notes));
      expect(reading.growthMb).toBeLessThan(MAX_GROWTH_MB);
      expect(reading.delayMs).toBeLessThan(MAX_DELAY_MS);
      expect(reading.milliseconds).toBeLessThan(13_000);
    },
  );
});
