// Makes the fonts of this folder from those of Google Fonts: the characters that reports use, with their shaping.
// Run it in a folder of its own, with the packages that it needs:
//   npm install subset-font@2.9.0 @expo-google-fonts/{noto-sans,noto-sans-mono,noto-sans-math}@0.4.2 \
//     @expo-google-fonts/{noto-sans-hebrew,noto-sans-symbols,noto-sans-symbols-2}@0.4.1 \
//     @expo-google-fonts/noto-emoji@0.4.7 @expo-google-fonts/ibm-plex-sans-arabic@0.4.2
//   node make-fonts.mjs <where node_modules is> <where the fonts go>
import { copyFile, readFile, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { join } from "node:path";

const [from = ".", to = "."] = process.argv.slice(2);
const packages = join(from, "node_modules");
const subsetFont = createRequire(join(packages, "x"))("subset-font");

const LATIN = [
  [0x20, 0x7e],
  [0xa0, 0x24f],
  [0x250, 0x2ff],
  [0x300, 0x36f],
  [0x1d00, 0x1dbf],
  [0x1e00, 0x1eff],
  [0x2c60, 0x2c7f],
  [0xa720, 0xa7ff],
  [0xfb00, 0xfb06],
];
const GREEK = [
  [0x370, 0x3ff],
  [0x1f00, 0x1fff],
];
const CYRILLIC = [
  [0x400, 0x52f],
  [0x1c80, 0x1c8f],
  [0x2de0, 0x2dff],
  [0xa640, 0xa69f],
];
const SIGNS = [
  [0x2000, 0x206f],
  [0x2070, 0x209f],
  [0x20a0, 0x20cf],
  [0x2100, 0x218f],
  [0x2c00, 0x2c00],
  [0x2e00, 0x2e5d],
  [0xfe00, 0xfe0f],
  [0xfeff, 0xfeff],
  [0xfffc, 0xfffd],
  [0x25cc, 0x25cc],
];
const DEVANAGARI = [
  [0x900, 0x97f],
  [0xa8e0, 0xa8ff],
  [0x1cd0, 0x1cff],
];
const DRAWING = [
  [0x2190, 0x21ff],
  [0x2200, 0x22ff],
  [0x2300, 0x23ff],
  [0x2500, 0x25ff],
];
const MATH = [
  [0x2016, 0x205f],
  [0x20d0, 0x20ff],
  [0x2100, 0x214f],
  [0x2190, 0x23ff],
  [0x25a0, 0x25ff],
  [0x27c0, 0x27ff],
  [0x2900, 0x2aff],
  [0x2b00, 0x2bff],
  [0x1d400, 0x1d7ff],
];
const SYMBOLS = [
  [0x2190, 0x21ff],
  [0x2300, 0x23ff],
  [0x2400, 0x243f],
  [0x2460, 0x24ff],
  [0x2580, 0x26ff],
  [0x2700, 0x27bf],
  [0x2b00, 0x2bff],
];
const TEXT = [...LATIN, ...GREEK, ...CYRILLIC, ...SIGNS];

const SUBSETS = [
  ["noto-sans/400Regular/NotoSans_400Regular", "NotoSans-Regular", [...TEXT, ...DEVANAGARI]],
  ["noto-sans/700Bold/NotoSans_700Bold", "NotoSans-Bold", [...TEXT, ...DEVANAGARI]],
  ["noto-sans/400Regular_Italic/NotoSans_400Regular_Italic", "NotoSans-Italic", TEXT],
  ["noto-sans/700Bold_Italic/NotoSans_700Bold_Italic", "NotoSans-BoldItalic", TEXT],
  ["noto-sans-mono/400Regular/NotoSansMono_400Regular", "NotoSansMono-Regular", [...TEXT, ...DRAWING]],
  ["noto-sans-mono/700Bold/NotoSansMono_700Bold", "NotoSansMono-Bold", [...TEXT, ...DRAWING]],
  ["noto-sans-math/400Regular/NotoSansMath_400Regular", "NotoSansMath-Regular", MATH],
  ["noto-sans-symbols/400Regular/NotoSansSymbols_400Regular", "NotoSansSymbols-Regular", SYMBOLS],
  ["noto-sans-symbols-2/400Regular/NotoSansSymbols2_400Regular", "NotoSansSymbols2-Regular", SYMBOLS],
];
const WHOLE = [
  // Noto's Arabic puts letters together of parts that several letters share, which cannot be copied as text.
  ["ibm-plex-sans-arabic/400Regular/IBMPlexSansArabic_400Regular", "IBMPlexSansArabic-Regular"],
  ["ibm-plex-sans-arabic/700Bold/IBMPlexSansArabic_700Bold", "IBMPlexSansArabic-Bold"],
  ["noto-sans-hebrew/400Regular/NotoSansHebrew_400Regular", "NotoSansHebrew-Regular"],
  ["noto-sans-hebrew/700Bold/NotoSansHebrew_700Bold", "NotoSansHebrew-Bold"],
  ["noto-emoji/400Regular/NotoEmoji_400Regular", "NotoEmoji-Regular"],
];

const source = (name) => join(packages, "@expo-google-fonts", `${name}.ttf`);

for (const [name, file, ranges] of SUBSETS) {
  const text = ranges
    .flatMap(([first, last]) => Array.from({ length: last - first + 1 }, (_, index) => first + index))
    .map((code) => String.fromCodePoint(code))
    .join("");
  const font = await subsetFont(await readFile(source(name)), text, { targetFormat: "truetype" });
  await writeFile(join(to, `${file}.ttf`), font);
}
for (const [name, file] of WHOLE) await copyFile(source(name), join(to, `${file}.ttf`));

// One licence for all, with the copyright line of each.
const licences = await Promise.all(
  [...new Set([...SUBSETS, ...WHOLE].map(([name]) => name.split("/")[0]))].map((name) =>
    readFile(join(packages, "@expo-google-fonts", name, "LICENSE_FONT"), "utf8"),
  ),
);
const copyrights = [...new Set(licences.map((text) => text.trim().split("\n")[0]))];
const [, ...terms] = licences[0].trim().split("\n");
await writeFile(join(to, "OFL.txt"), `${[...copyrights, ...terms].join("\n")}\n`);
