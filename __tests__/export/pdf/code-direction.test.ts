import { expect, test } from "vitest";
import { exported, readBack } from "../../support/pdf-export.ts";

test("in code, text from right to left turns round itself alone: tokens stay in the order of the program", async () => {
  const code = '```js\nconst first = "שלום"; let second = "עולם"; // תודה\n```';
  const { places } = await readBack((await exported(code)).bytes);
  const place = (word: string): number =>
    places.find(({ text }) => text.includes(word))?.x ?? expect.fail(`There is no ${word}.`);
  const order = ["const", "שלום", "let", "עולם", "//", "תודה"].map(place);
  expect(order).toEqual([...order].sort((a, b) => a - b));
});
