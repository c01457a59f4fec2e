import { expect, test } from "vitest";
import { readMultipart } from "#lib/server/http/multipart.ts";
import { GatewayError } from "#lib/shared/errors.ts";
import { expectLinear } from "../../support/linear.ts";
import { fc } from "../../support/properties.ts";

const headers = new Headers({ "content-type": "multipart/form-data; boundary=b" });

test("any form that the platform writes is read as it was", async () => {
  const text = fc
    .string({ unit: "grapheme", minLength: 1, maxLength: 40 })
    .filter((name) => !/[\r\n"%\\]/.test(name));
  const field = fc.record({ name: text, fileName: text, bytes: fc.uint8Array({ maxLength: 500 }) });
  await fc.assert(
    fc.asyncProperty(fc.array(field, { minLength: 1, maxLength: 5 }), async (fields) => {
      const form = new FormData();
      for (const { name, fileName, bytes } of fields) {
        form.append(name, new Blob([new Uint8Array(bytes)]), fileName);
      }
      const request = new Request("http://gateway.test", { method: "POST", body: form });
      const read = readMultipart(Buffer.from(await request.bytes()), request.headers);
      expect(
        read.map(({ name, fileName, bytes }) => ({ name, fileName, bytes: new Uint8Array(bytes) })),
      ).toEqual(
        fields.map(({ name, fileName, bytes }) => ({ name, fileName, bytes: new Uint8Array(bytes) })),
      );
    }),
    { numRuns: 100 },
  );
});

test("any bytes are a form or an error of ours", () => {
  const piece = fc.constantFrom(
    "--b",
    "--b--",
    "\r\n",
    "\r\n\r\n",
    'Content-Disposition: form-data; name="a"',
    "x",
    "--",
  );
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 12 }), (pieces) => {
      try {
        for (const { name } of readMultipart(Buffer.from(pieces.join("")), headers)) expect(name).toBe("a");
      } catch (error) {
        expect(error).toBeInstanceOf(GatewayError);
      }
    }),
    { numRuns: 500 },
  );
});

test.each([
  ["spaces", " "],
  ["line ends", "\r\n"],
  ["beginnings of delimiters", "\r\n--"],
  ["quotes in a name", '"'],
  ["backslashes in a name", "\\"],
  ["semicolons in a name", "; name="],
])("is linear in %s", (_what, unit) => {
  expectLinear(20_000, (size) => {
    const line = `Content-Disposition: form-data; name="${unit.repeat(500)}`;
    const body = Buffer.from(`--b\r\n${line}\r\n\r\n${unit.repeat(size)}\r\n--b--`);
    return () => {
      try {
        readMultipart(body, headers);
      } catch (error) {
        expect(error).toBeInstanceOf(GatewayError);
      }
    };
  });
});
