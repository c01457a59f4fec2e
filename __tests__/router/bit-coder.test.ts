import { expect, test } from "vitest";
import { BitDecoder } from "#lib/router/intent/bit-coder.ts";
import { BitEncoder } from "../../training/router/bit-encoder.ts";

/** Bits that repeat by a rule, with the context of each. */
function bitsOf(count: number, bitAt: (at: number) => number): { context: number; bit: number }[] {
  return Array.from({ length: count }, (_, at) => ({ context: at % 3, bit: bitAt(at) }));
}

function encode(bits: readonly { context: number; bit: number }[]): Uint8Array {
  const encoder = new BitEncoder(3);
  for (const { context, bit } of bits) encoder.code(context, bit);
  return encoder.finish();
}

test.each([
  ["nothing", bitsOf(0, () => 0)],
  ["one bit", bitsOf(1, () => 1)],
  ["zeros", bitsOf(20_000, () => 0)],
  ["ones, whose carries run far", bitsOf(20_000, () => 1)],
  ["mixed bits", bitsOf(20_000, (at) => ((at * 2_654_435_761) >>> 13) & 1)],
  ["mostly zeros", bitsOf(20_000, (at) => (at % 17 === 0 ? 1 : 0))],
])("bits come back as they were written: %s", (_, bits) => {
  const decoder = new BitDecoder(encode(bits), 3);
  expect(bits.map(({ context }) => decoder.code(context))).toEqual(bits.map(({ bit }) => bit));
});

test("likely bits take little space", () => {
  expect(encode(bitsOf(80_000, (at) => (at % 100 === 0 ? 1 : 0))).length).toBeLessThan(1_000);
  expect(encode(bitsOf(80_000, () => 0)).length).toBeLessThan(200);
});
