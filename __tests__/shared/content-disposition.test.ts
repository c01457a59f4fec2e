import { expect, test } from "vitest";
import { contentDisposition } from "#lib/shared/content-disposition.ts";
import { fc } from "../support/properties.ts";

test("any name makes a header that is one printable line, and that gives the name back", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary", maxLength: 300 }), (name) => {
      const header = contentDisposition("attachment", name);
      expect(header).toMatch(
        /^attachment; filename="[^"\\]*"(?:; filename\*=UTF-8''[A-Za-z0-9%!#$&+.^_`|~-]*)?$/,
      );
      expect(header).toMatch(/^[\x20-\x7e]*$/);
      const [, encoded] = /filename\*=UTF-8''(.*)$/.exec(header) ?? [];
      const [, plain] = /filename="([^"]*)"/.exec(header) ?? [];
      const given = name.slice(0, 200).toWellFormed();
      expect(encoded === undefined ? plain : decodeURIComponent(encoded)).toBe(given);
    }),
  );
});
