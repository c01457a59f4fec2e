import { describe, expect, test } from "vitest";
import { detectContainers } from "#lib/tools/containers/detect-containers.ts";
import { holderOf } from "#lib/tools/containers/owners.ts";
import { expectLinear } from "../support/linear.ts";

const numbersIn = (message: string, earlier: readonly string[] = []): string[] =>
  detectContainers({
    message,
    history: earlier.map((content) => ({ role: "user" as const, content })),
  }).map(({ number }) => number);

/** A message, and the numbers that are looked up for it. */
const MEANT: readonly [string, readonly string[]][] = [
  // The number by itself, in every way in which people write it.
  ["CSQU3054383", ["CSQU3054383"]],
  ["MSCU1234566", ["MSCU1234566"]],
  ["mscu1234566", ["MSCU1234566"]],
  ["Mscu 1234566", ["MSCU1234566"]],
  ["MSCU 123456 6", ["MSCU1234566"]],
  ["MSCU 123456-6", ["MSCU1234566"]],
  ["MSCU-123456-6", ["MSCU1234566"]],
  ["MSC U 123456 6", ["MSCU1234566"]],
  ["MSCU 123 456 6", ["MSCU1234566"]],
  ["MSCU123456/6", ["MSCU1234566"]],
  ["MSCU\u00a01234566", ["MSCU1234566"]],
  ["MSCU–1234566", ["MSCU1234566"]],
  ["(TEMU6079348)", ["TEMU6079348"]],
  ["TEMU6079348.", ["TEMU6079348"]],
  ["#TCNU7625335", ["TCNU7625335"]],
  ["ABCU1234560", ["ABCU1234560"]],
  // In sentences, in several languages.
  ["Where is container MSKU1234565 right now?", ["MSKU1234565"]],
  ["track csqu3054383 please", ["CSQU3054383"]],
  ["Wo ist mein Container FFAU6989181?", ["FFAU6989181"]],
  ["Où est le conteneur APZU4812090 ?", ["APZU4812090"]],
  ["¿Dónde está el contenedor TCNU 762533-5?", ["TCNU7625335"]],
  ["集装箱CSQU3054383在哪里", ["CSQU3054383"]],
  ["Где контейнер MSKU1234565?", ["MSKU1234565"]],
  ["コンテナ MSKU1234565 はどこですか", ["MSKU1234565"]],
  ["TCNU7625335 and FFAU6989181, status?", ["TCNU7625335", "FFAU6989181"]],
  ["MSKU1234565, MSKU1234565 again", ["MSKU1234565"]],
  ["Our 40HC TEMU6079348/40HC has not arrived", ["TEMU6079348"]],
  // Mistyped ones, with words about containers around them.
  ["Track container MSCU1234567", ["MSCU1234567"]],
  ["where is mscu1234567?", ["MSCU1234567"]],
  ["Has the shipment in MEDU6166670 arrived?", ["MEDU6166670"]],
  ["Container MSCU123456: where is it?", ["MSCU123456"]],
  ["track container MSKU12345655", ["MSKU12345655"]],
  ["Container ABCU1234567 status", ["ABCU1234567"]],
];

const NOT_MEANT: readonly string[] = [
  // Mistyped or invented ones, and nothing about containers.
  "MSCU1234567",
  "My order ABCU1234567 is late",
  "Please review ticket XYZU7654321",
  "The model is called ABDJ1234568",
  "part no. QRSZ9876543 is out of stock",
  // Lower-case words before a number.
  "the menu 1234560 is in the kitchen",
  "did the quiz 1234560 go well",
  "call you 1234567",
  "can u 123456 7",
  "thou 7654321",
  // IBANs, phone numbers, cards, VINs, postcodes.
  "GB82 WEST 1234 5698 7654 32",
  "DE89 3704 0044 0532 0130 00",
  "NL91ABNA0417164300",
  "MT84MALT011000012345MTLCAST001S",
  "+49 30 1234567",
  "4111 1111 1111 1111",
  "1HGCM82633A004352",
  "WVWZZZ1JZ3W386752",
  // Keys, hashes, ids.
  "ABCD-MSCU1234566-WXYZ",
  "MSCU1234566-QWERTY-12345",
  "d41d8cd98f00b204e9800998ecf8427e",
  "sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
  "550e8400-e29b-41d4-a716-446655440000",
  "key_MSCU1234566_test",
  "XMSCU1234566",
  "MSCU12345660000",
  "const CONTAINER_MSCU1234566 = 1",
  "AKIAIOSFODNN7EXAMPLE",
  // Containers of another kind, and numbers without one.
  "How do I restart a docker container?",
  "Where is my container?",
  "Track my parcel 1Z999AA10123456784",
  "RR123456789DE tracking",
  "Explain ISO 6346 check digits",
  "Convert 1234567 USD to EUR",
  "shipment ABCDE1234567",
];

describe("a container number in a message", () => {
  test.each(MEANT)("%s", (message, numbers) => {
    expect(numbersIn(message)).toEqual(numbers);
  });

  test.each(NOT_MEANT)("is none: %s", (message) => {
    expect(numbersIn(message)).toEqual([]);
  });

  test("at most four are looked up", () => {
    const many = ["CSQU3054383", "MSCU1234566", "MSKU1234565", "TEMU6079348", "TCNU7625335"];
    expect(numbersIn(many.join(" "))).toEqual(many.slice(0, 4));
  });
});

describe("a follow-up without a number", () => {
  const earlier = ["Track MSCU1234566"];
  test.each([
    ["And where is it now?", ["MSCU1234566"]],
    ["Has the container arrived?", ["MSCU1234566"]],
    ["what's its status", ["MSCU1234566"]],
    ["Thanks!", []],
    ["Write me a poem about the sea", []],
    ["And TCNU7625335?", ["TCNU7625335"]],
  ])("%s", (message, numbers) => {
    expect(numbersIn(message, earlier)).toEqual(numbers);
  });

  test("means nothing if the message before it named none", () => {
    expect(numbersIn("And where is it now?", ["Track MSCU1234566", "Who wrote Faust?"])).toEqual([]);
  });
});

test.each(["MSCU", "MSCU 1", " ", "1", "a ", "MSCU1234566 ", "container ", "MSCU-", "A"])(
  "time grows with the length of the message: %s",
  (unit) => {
    expectLinear(25_000, (size) => {
      const message = unit.repeat(Math.ceil(size / unit.length));
      return () => numbersIn(message);
    });
  },
);

test("the list has the common owners, carriers apart from lessors, each code once", () => {
  expect(holderOf("MEDU")).toMatchObject({ kind: "carrier", owner: { name: "MSC" } });
  expect(holderOf("HLBU")).toMatchObject({ kind: "carrier", owner: { name: "Hapag-Lloyd" } });
  expect(holderOf("TGHU")).toMatchObject({ kind: "lessor", owner: { name: "Textainer" } });
  expect(holderOf("QQQU")).toBeUndefined();
});
