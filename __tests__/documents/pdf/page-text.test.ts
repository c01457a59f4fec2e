import { describe, expect, test } from "vitest";
import type { Fragment } from "#lib/documents/pdf/fragment.ts";
import { pageText } from "#lib/documents/pdf/page-text.ts";
import { fc } from "../../support/properties.ts";

type Place = { text: string; x: number; y: number; size?: number };

const fragmentsOf = (places: readonly Place[]): Fragment[] =>
  places.map(({ text, x, y, size = 10 }, order) => ({
    text,
    left: x,
    right: x + text.length * size * 0.5,
    y,
    size,
    order,
    isRightToLeft: false,
  }));

const textOf = (places: readonly Place[]): string =>
  pageText(
    { turned: [{ degrees: 0, fragments: fragmentsOf(places) }], links: [], comments: [], isCut: false },
    10,
  );

describe("the text of a page", () => {
  test("columns that are written one after the other are read so, also with other baselines", () => {
    const column = (x: number, name: string, shift: number): Place[] =>
      Array.from({ length: 5 }, (_, line) => ({
        text: `${name}${line} and more words`,
        x,
        y: 700 - line * 12 - shift,
      }));
    const text = textOf([...column(50, "left", 0), ...column(300, "right", 6)]);
    expect(text.indexOf("left4")).toBeLessThan(text.indexOf("right0"));
    expect(text).not.toContain("|");
  });

  test("columns that are written line by line are no table of sentences", () => {
    const places = Array.from({ length: 8 }, (_, line) => [
      { text: `left ${line} is a line of a newspaper`, x: 50, y: 700 - line * 12 },
      { text: `right ${line} is a line of a newspaper`, x: 300, y: 700 - line * 12 },
    ]).flat();
    const text = textOf(places);
    expect(text.indexOf("left 7")).toBeLessThan(text.indexOf("right 0"));
  });

  test("two columns of labels and values are lines, two columns of data a table", () => {
    const pairs = (names: readonly string[]): Place[] =>
      names.flatMap((name, line) => [
        { text: name, x: 50, y: 700 - line * 20 },
        { text: `value ${line}`, x: 200, y: 700 - line * 20 },
      ]);
    expect(textOf(pairs(["Name:", "Street:", "Town:"]))).not.toContain("|");
    expect(textOf(pairs(["Item", "Chair", "Table"]))).toContain("| Item | value 0 |");
  });

  test("exponents, indices and numbers of notes stay in their line, whatever their size and rise", () => {
    for (const [rise, size] of [
      [5, 8],
      [4.6, 7],
      [3.6, 7],
      [3.3, 6.6],
    ] as const) {
      const script = (text: string, x: number, y: number): Place => ({ text, x, y, size });
      const text = textOf([
        { text: "an area of 25 m", x: 50, y: 700 },
        script("2", 125, 700 + rise),
        { text: "of H", x: 131, y: 700 },
        script("2", 151, 700 - rise),
        { text: "O", x: 155, y: 700 },
        script("3", 160, 700 + rise),
        { text: "The next line is another one.", x: 50, y: 688 },
        script("3", 50, 660 + rise),
        { text: "A note below the page.", x: 56, y: 660 },
      ]);
      expect(text, `${rise} ${size}`).toContain("an area of 25 m² of H2O³");
      expect(text, `${rise} ${size}`).toContain("³ A note below the page.");
    }
  });

  test("the dots of a table of contents are no text", () => {
    const entry = (title: string, page: string, y: number): Place[] => [
      { text: title, x: 50, y },
      ...Array.from({ length: 60 }, (_, at) => ({ text: ".", x: 140 + at * 5, y })),
      { text: page, x: 442, y },
    ];
    const text = textOf([
      ...entry("1 Introduction", "1", 700),
      ...entry("1.1 Scope ......", "12", 685),
      { text: "And so on...", x: 50, y: 650 },
    ]);
    expect(text).not.toContain(". .");
    expect(text).toMatch(/1 Introduction +…/);
    expect(text).toMatch(/1\.1 Scope +…/);
    expect(text).toContain("And so on...");
  });

  test("cells of several lines stay whole, also if others of their table overlap", () => {
    const text = textOf([
      // A head over two rows, whose lower one has two lines.
      { text: "Product", x: 50, y: 690 },
      { text: "2025", x: 200, y: 700 },
      { text: "2026", x: 300, y: 700 },
      { text: "Units", x: 200, y: 684 },
      { text: "Revenue", x: 300, y: 690 },
      { text: "(k€)", x: 300, y: 678 },
      ...[0, 1, 2].flatMap((row) => [
        { text: `Chair ${row}, ergonomic,`, x: 50, y: 650 - row * 40 },
        { text: "black", x: 50, y: 638 - row * 40 },
        { text: `${row}5`, x: 200, y: 644 - row * 40 },
        { text: `${row}1.5`, x: 300, y: 644 - row * 40 },
      ]),
    ]);
    for (const row of [0, 1, 2]) {
      expect(text).toContain(`| Chair ${row}, ergonomic, black | ${row}5 | ${row}1.5 |`);
    }
    for (const word of ["Product", "2025", "2026", "Units", "Revenue", "(k€)"]) expect(text).toContain(word);
  });

  test("rows that all overlap take seconds, where a square of them would take minutes", () => {
    const rows = 15_000;
    const places = Array.from({ length: rows }, (_, row) => [
      { text: "a", x: 50, y: row * 12 },
      { text: "b", x: 100, y: (rows - row) * 12 },
      { text: "c", x: 150, y: ((row * 7_919) % rows) * 12 },
    ]).flat();
    const start = performance.now();
    textOf(places);
    expect(performance.now() - start).toBeLessThan(10_000);
  });

  test("an initial letter takes no line of its paragraph", () => {
    const text = textOf([
      { text: "O", x: 50, y: 676, size: 30 },
      { text: "nce there was", x: 66, y: 700 },
      { text: "a king who had", x: 66, y: 688 },
      { text: "three daughters", x: 66, y: 676 },
    ]);
    expect(text.indexOf("nce there")).toBeLessThan(text.indexOf("a king"));
    expect(text.indexOf("a king")).toBeLessThan(text.indexOf("three"));
  });

  test("a text that reaches into the next cell, as in a narrow column of a sheet, is a cell of its own", () => {
    const text = textOf([
      { text: "Cost centre", x: 50, y: 700 },
      { text: "Plan", x: 100, y: 700 },
      { text: "Actual", x: 150, y: 700 },
      ...["Personnel", "Travel", "IT"].flatMap((name, row) => [
        { text: name, x: 50, y: 688 - row * 12 },
        { text: `${row}.5`, x: 110, y: 688 - row * 12 },
        { text: `${row}.7`, x: 160, y: 688 - row * 12 },
      ]),
    ]);
    expect(text).toContain("| Cost centre | Plan | Actual |");
    expect(text).toContain("| Travel | 1.5 | 1.7 |");
  });

  test("text that was printed twice to look bold is read once", () => {
    expect(
      textOf([
        { text: "Bold", x: 50, y: 700 },
        { text: "Bold", x: 50.3, y: 700 },
      ]),
    ).toBe("Bold");
    expect(
      textOf([
        { text: "No", x: 50, y: 700 },
        { text: "No", x: 90, y: 700 },
      ]),
    ).toContain("No   No");
  });

  test("no word is lost, wherever the words stand", () => {
    const place = fc.record({
      x: fc.integer({ min: 0, max: 600 }),
      y: fc.integer({ min: 0, max: 800 }),
      size: fc.integer({ min: 4, max: 40 }),
    });
    fc.assert(
      fc.property(fc.array(place, { minLength: 1, maxLength: 80 }), (places) => {
        const text = textOf(places.map((one, index) => ({ ...one, text: `w${index}w` })));
        for (const index of places.keys()) expect(text).toContain(`w${index}w`);
      }),
    );
  });

  test("no word of a table is lost, whichever cells are empty", () => {
    const row = fc.array(fc.constantFrom("", "a", "some words", "12.50"), { minLength: 4, maxLength: 4 });
    fc.assert(
      fc.property(fc.array(row, { minLength: 2, maxLength: 12 }), (rows) => {
        const places = rows.flatMap((cells, line) =>
          cells.flatMap((cell, column) =>
            cell === ""
              ? []
              : [{ text: `${cell} q${line}c${column}`, x: 50 + column * 140, y: 700 - line * 14 }],
          ),
        );
        if (places.length === 0) return;
        const text = textOf(places);
        for (const { text: cell } of places) expect(text).toContain(cell);
      }),
    );
  });

  test.each([
    [
      "rows of a table",
      (index: number): Place => ({
        text: "cell",
        x: (index % 10) * 60,
        y: 9_000 - Math.floor(index / 10) * 12,
      }),
    ],
    [
      "columns of one row",
      (index: number): Place => ({ text: "cell", x: index * 60, y: 700 - (index % 2) * 12 }),
    ],
    [
      "words at random places",
      (index: number): Place => ({ text: "word", x: (index * 7_919) % 600, y: (index * 104_729) % 800 }),
    ],
    [
      "bullets",
      (index: number): Place => ({
        text: index % 2 === 0 ? "•" : "entry",
        x: (index % 2) * 20,
        y: 9_000 - (index >> 1) * 12,
      }),
    ],
  ])("reads 40,000 %s in seconds, where a square of them would take minutes", (_what, placeOf) => {
    const places = Array.from({ length: 40_000 }, (_, index) => placeOf(index));
    const startedAt = performance.now();
    textOf(places);
    expect(performance.now() - startedAt).toBeLessThan(5_000);
  });

  test.each([
    "a".repeat(100_000),
    " ".repeat(100_000),
    "a-".repeat(50_000),
    "- ".repeat(50_000),
    "•".repeat(100_000),
  ])("reads a line of 100,000 characters at once", (text) => {
    const startedAt = performance.now();
    textOf([
      { text, x: 0, y: 700 },
      { text: "end", x: 0, y: 688 },
    ]);
    expect(performance.now() - startedAt).toBeLessThan(500);
  });
});
