/**
 * The encodings of East Asian text that a PDF may use by name alone (ISO 32000-2, 9.7.5.2). The data that PDF.js
 * wants for them are 170 files of 1.6 MB, which unpdf does not bring. For text no glyph numbers are needed, so
 * both of its tables are made here, with Unicode in the place of the numbers: from the codes of a file to
 * Unicode, and from there to itself.
 */
const CHARACTER_SETS: readonly (readonly [names: RegExp, label: string])[] = [
  [/RKSJ/, "shift_jis"],
  [/^(?:GBK|GB|GBT)/, "gb18030"],
  [/^(?:B5|ETen|HKscs)/, "big5"],
  [/^KSC/, "euc-kr"],
  [/^EUC-[HV]$/, "euc-jp"],
];
const UNICODE = /^Uni\w+-(?:UCS2|UTF16)-(?:HW-)?[HV]$/;
const TO_UNICODE = /^Adobe-\w+-UCS2$/;

/** The parts of all named encodings together: one and two bytes. Those of Shift JIS have an island of one byte. */
const ONE_BYTE = "<00> <80>";
const TWO_BYTES = "<8140> <feff>";
const SHIFT_JIS = "<00> <80> <a0> <df> <8140> <9fff> <e040> <fcff>";

type FetchRequest = { kind: string; filename: string };

/** Given to PDF.js as the only source of files: nothing else is there, so nothing is read or fetched. */
export class NamedEncodings {
  /** Fonts that number glyphs by themselves need the true numbers, which are not here. */
  #isInUse = false;

  /** Rejects for everything but named encodings; PDF.js then goes on without it. */
  async fetch({ kind, filename }: FetchRequest): Promise<Uint8Array> {
    const table = kind === "cMapUrl" ? this.#tableOf(filename) : undefined;
    if (table === undefined) throw new Error(`There is no ${filename}.`);
    return new TextEncoder().encode(table);
  }

  #tableOf(name: string): string | undefined {
    if (TO_UNICODE.test(name)) return this.#isInUse ? UNICODE_ITSELF : undefined;
    const codes = UNICODE.test(name) ? UNICODE_CODES : codesOf(name);
    if (codes === undefined) return undefined;
    this.#isInUse = true;
    return `/WMode ${name.endsWith("V") ? 1 : 0} def\n${codes}`;
  }
}

const UNICODE_CODES = `1 begincodespacerange <0000> <ffff> endcodespacerange
1 begincidrange <0000> <ffff> 0 endcidrange endcmap`;

const UNICODE_ITSELF = `1 begincodespacerange <0000> <ffff> endcodespacerange
1 beginbfrange <0000> <ffff> <0000> endbfrange endcmap`;

/** Every code of a character set, decoded; undefined for an encoding that is none of those above. */
function codesOf(name: string): string | undefined {
  const label = CHARACTER_SETS.find(([names]) => names.test(name))?.[1];
  if (label === undefined) return undefined;
  const decoder = new TextDecoder(label);
  const codes: string[] = [];
  const add = (...bytes: number[]): void => {
    const character = decoder.decode(Uint8Array.from(bytes));
    const [point = 0, ...more] = Array.from(character, (one) => one.codePointAt(0) ?? 0);
    if (more.length > 0 || point === 0xfffd || point > 0xffff) return;
    codes.push(`<${bytes.map((byte) => byte.toString(16).padStart(2, "0")).join("")}> ${point}`);
  };
  for (let first = 0x20; first <= 0xdf; first += 1) if (first <= 0x80 || first >= 0xa0) add(first);
  for (let first = 0x81; first <= 0xfe; first += 1) {
    for (let second = 0x40; second <= 0xfe; second += 1) add(first, second);
  }
  const spaces = label === "shift_jis" ? SHIFT_JIS : `${ONE_BYTE} ${TWO_BYTES}`;
  return `${spaces.split(" ").length / 2} begincodespacerange ${spaces} endcodespacerange
${codes.length} begincidchar ${codes.join("\n")} endcidchar endcmap`;
}
