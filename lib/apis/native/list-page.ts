import { z } from "zod";

const MAX_PAGE = 100;
const DEFAULT_PAGE = 50;
/** What a cursor says, before it is encoded: a moment, in milliseconds or microseconds, and an id. */
const CURSOR = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}(?:\d{3})?Z) ([0-9a-f-]{36})$/;

/** The last entry of a page: its moment, by which the list is ordered, and its id. */
export type ListPlace = { at: string; id: string };

/** The parameters of a list that comes in pages. @param entries what the list is of, for the documentation. */
export function pageQuery(entries: string) {
  return {
    limit: z.coerce
      .number()
      .int()
      .min(1)
      .max(MAX_PAGE)
      .default(DEFAULT_PAGE)
      .describe(`The largest number of ${entries} in the answer.`),
    cursor: z
      .string()
      .max(200)
      .transform((text, context) => {
        const place = readCursor(text);
        if (place === undefined)
          context.addIssue({ code: "custom", message: "is not a nextCursor of this list" });
        return place ?? z.NEVER;
      })
      .optional()
      .describe("The `nextCursor` of the page before."),
  };
}

/** The field of an answer that leads to the next page; none behind the last. */
export function nextCursor(next: ListPlace | undefined): { nextCursor?: string } {
  return next === undefined ? {} : { nextCursor: Buffer.from(`${next.at} ${next.id}`).toString("base64url") };
}

function readCursor(text: string): ListPlace | undefined {
  const [, at, id] = CURSOR.exec(Buffer.from(text, "base64url").toString("latin1")) ?? [];
  return at === undefined || id === undefined ? undefined : { at, id };
}
