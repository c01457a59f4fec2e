import { getDocumentProxy, getMeta } from "unpdf";
import { expect, test } from "vitest";
import { systemClock } from "#lib/adapters/clock.ts";
import { PdfPool } from "#lib/adapters/workers/pdf-pool.ts";

test("a document says when it was made, by the calendar", async () => {
  const clock = { ...systemClock, wallNow: () => Date.UTC(2026, 10, 27, 10, 30, 15) };
  const pool = new PdfPool({ warn: () => undefined }, clock);
  try {
    const document = { content: "Some words.", title: undefined, pageSize: "a4" } as const;
    const { bytes } = await pool.write({ document, owner: "somebody" }, new AbortController().signal);
    const { info } = await getMeta(await getDocumentProxy(bytes));
    expect(info).toMatchObject({ CreationDate: "D:20261127103015Z" });
  } finally {
    await pool.close();
  }
});
